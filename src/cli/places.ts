/** Where things are on this host when nothing else is said (FHS 3.0: /var/lib survives a reboot, /run does not). */
export const stateDirDefault = "/var/lib/weft";
export const runDirDefault = "/run/weft";
export const socketPathDefault = `${runDirDefault}/weft.sock`;
