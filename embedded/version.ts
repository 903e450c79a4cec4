/** What `--version` prints: the real one's form, its publisher's part says whose it is (Debian's is `7.2.22_Debianr175245`). */
export const VERSION = "7.2.22_KubeLabr175245";
