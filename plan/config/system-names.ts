/** Users and groups that are there before the lab's own: useradd refuses a name that a group has, too. */

/** /usr/share/base-passwd/{passwd,group}.master of Debian 13 and Ubuntu 24.04. */
const basePasswd = `
  _apt adm audio backup bin cdrom daemon dialout dip disk fax floppy games gnats irc kmem list lp mail man news nobody nogroup
  operator plugdev proxy root sasl shadow src staff sudo sync sys tape tty users utmp uucp video voice www-data`;

/** /usr/lib/sysusers.d of systemd 255 to 257. */
const systemd = `
  clock empower input kvm render sgx systemd-coredump systemd-journal systemd-journal-remote systemd-journal-upload
  systemd-network systemd-oom systemd-resolve systemd-timesync wheel`;

/** What packages make that are in a machine of the lab or in a distribution's cloud image. */
const packages = `
  _chrony _lldpd _rpc _ssh crontab dhcpcd dnsmasq docker etcd fwupd-refresh haclient hacluster haproxy landscape lxd messagebus
  netdev polkitd pollinate rdma ssh sshd ssl-cert statd syslog tcpdump tss uuidd`;

/** /usr/lib/user-setup/reserved-usernames, by which Debian's and Ubuntu's installers refuse a login: user-setup 1.95. */
const installers = `
  admin alias asterisk bind ceph cupsys dcc dhcp dictd dovecot fetchmail firebird ftn ftp fuse gdm grsec-proc grsec-sock-all
  grsec-sock-clt grsec-sock-srv grsec-tpe haldaemon hplilp identd jwhois klog libvirt-qemu lpadmin maas mysql mythtv netplan
  opensrf powerdev qmail qmaild qmaill qmailp qmailq qmailr qmails radvd saned sbuild scanner slocate slurm sslwrap tac-plus
  telnetd tftpd vchkpw vpopmail`;

/** Names that no login of a lab can have. */
export const systemNames: ReadonlySet<string> = new Set(
  [basePasswd, systemd, packages, installers].flatMap((names) => names.trim().split(/\s+/)),
);
