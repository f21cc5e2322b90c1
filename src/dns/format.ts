/** RFC 1035, section 4.1.1. */
export const headerBytes = 12;

/** RFC 1035, sections 3.2.2 and 3.2.3; RFC 6891, section 6.1.2. */
export const recordType = { A: 1, PTR: 12, OPT: 41, ANY: 255 } as const;

/** RFC 1035, sections 3.2.4 and 3.2.5. */
export const recordClass = { IN: 1, ANY: 255 } as const;

/** A length with these two bits is the head of a pointer (RFC 1035, section 4.1.4). */
export const pointerMark = 0xc0;

/** Of a record, behind its name: type, class, ttl, length of its data. */
export const recordTailBytes = 10;

/** Of the length in front of a message over TCP (RFC 1035, section 4.2.2). */
export const largestMessageBytes = 0xffff;
