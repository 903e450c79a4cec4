# shellcheck shell=bash
# Steps of every role, before and after its own.

base_converge() {
  base_network
  base_services
  base_authorities
  base_proxy
  base_lan
  step "setting up name resolution and kernel settings"
  base_resolver
  base_kernel
  base_ssh
}

# What the seed has configured stays; an adapter that came later, or got another address, is configured here.
base_network() {
  # shellcheck source=network.sh
  . "$LIBRARY/network.sh"
  network_converge
}

# What somebody has masked or disabled is the lab's to start again.
base_services() {
  local unit
  for unit in $(services); do
    if [ /etc/systemd/system/"$unit" -ef /dev/null ] || [ /run/systemd/system/"$unit" -ef /dev/null ]; then
      step "unmasking $unit"
      systemctl unmask "$unit"
      systemctl unmask --runtime "$unit"
    fi
  done
  ln -sf /etc/systemd/system/kube-lab.service /etc/systemd/system/multi-user.target.wants/kube-lab.service
  [ "$ROLE" = gateway ] || systemctl start kube-lab-verify.socket ||
    printf 'kube-lab: nobody can ask this machine what is broken inside: systemctl status kube-lab-verify.socket\n'
}

# Who has read them before is its role's to start again.
base_authorities() {
  local files=("$ROOT"/usr/local/share/ca-certificates/kube-lab-*.crt) digest=none
  [ ! -e "${files[0]}" ] || digest=$(sha256sum "${files[@]}" | sha256sum)
  [ "$digest" != "$(cat "$STATE/authorities" 2>/dev/null || echo none)" ] || return 0
  step "trusting the certificate authorities of the configuration"
  update-ca-certificates >/dev/null 2>"$RUN/authorities" ||
    fail "update-ca-certificates failed: $(tail -n 1 "$RUN/authorities")"
  printf '%s\n' "$digest" >"$STATE/authorities"
}

# What sessions have of the proxy; what somebody else has in that file stays.
base_proxy() {
  local file=$ROOT/etc/environment begin="# kube-lab: proxy" end="# kube-lab: end" mode=0644
  [ -e "$ETC/proxy.env" ] || grep -qxF "$begin" "$file" 2>/dev/null || return 0
  touch "$file"
  {
    sed "/^$begin\$/,/^$end\$/d" "$file"
    [ ! -e "$ETC/proxy.env" ] || { printf '%s\n' "$begin" && cat "$ETC/proxy.env" && printf '%s\n' "$end"; }
  } | (umask 077 && cat >"$STATE/environment")
  [ ! -e "$ETC/proxy.env" ] || mode=0$(stat --format %a "$ETC/proxy.env")
  if ! cmp -s "$STATE/environment" "$file"; then
    step "changing the proxy of sessions"
    install --mode="$mode" "$STATE/environment" "$file.kube-lab" && mv -f "$file.kube-lab" "$file"
  fi
  rm -f "$STATE/environment"
}

base_lan() {
  [ -n "${LAN_MAC:-}" ] || return 0
  step "closing the adapter on the LAN"
  # shellcheck source=lan.sh
  . "$LIBRARY/lan.sh"
  lan_converge
}

# A plain file: no stub resolver whose address would be wrong inside pods.
base_resolver() {
  local content="# Written by kube-lab" server
  for server in $RESOLVERS; do content+=$'\n'"nameserver $server"; done
  content+=$'\n'"search $DOMAIN"$'\n'"options timeout:2 attempts:2"
  write_file /etc/resolv.conf 0644 "$content"
}

# Where the kernel is the host's, the host has loaded them.
base_kernel() {
  local module
  if [ "${KUBE_LAB_KERNEL:-guest}" = guest ]; then
    for module in ${KERNEL_MODULES:-}; do modprobe "$module" || fail "kernel module $module cannot be loaded"; done
  fi
  [ ! -r /etc/sysctl.d/90-kube-lab.conf ] || sysctl --quiet --ignore --load=/etc/sysctl.d/90-kube-lab.conf ||
    printf 'kube-lab: some kernel settings are not ours to change here\n'
}

# sshd reads its files at start: a delivery after that needs a reload. It reads keys at each login.
base_ssh() {
  local digest
  [ -e "$STATE/authorized_keys" ] || note_keys "$ROOT"
  digest=$(cat /etc/ssh/sshd_config.d/10-kube-lab.conf /etc/ssh/ssh_host_ed25519_key.pub | sha256sum)
  [ "$digest" != "$(cat "$STATE/ssh" 2>/dev/null)" ] || return 0
  ! systemctl is-active --quiet ssh.service || systemctl reload ssh.service
  printf '%s\n' "$digest" >"$STATE/ssh"
}

# Time comes last: nothing waits for it. The seed is used up: a boot without its disk is no new instance.
base_finish() {
  base_time
  [ ! -d /etc/cloud ] || touch /etc/cloud/cloud-init.disabled
  base_note
}

# What "kube-lab verify" compares with. The delivery notes its own files; a machine that an earlier release has brought up has no
# such note yet.
base_note() {
  printf '%s\n' "${RENDERED[@]}" | sort -u | note_files "$STATE/rendered"
  [ -e "$STATE/delivered" ] || [ ! -e "$STATE/files" ] || sed "s,^,$ROOT," "$STATE/files" | note_files "$STATE/delivered"
}

# note_files LIST: the files named on stdin, as sha256sum checks them. For root alone: some are secret.
note_files() {
  (umask 077 && xargs --no-run-if-empty --delimiter '\n' sha256sum >"$1.new")
  mv "$1.new" "$1"
}

# Where the clock is the host's, nobody here may set it, and all have the same.
base_time() {
  [ "${KUBE_LAB_CLOCK:-guest}" = guest ] || return 0
  unchanged
  write_file /etc/chrony/chrony.conf 0644 "$(time_configuration)"
  start_service chrony.service
}

# A step at any time, and a look every few minutes at the most: the host may have slept for hours. Source: chrony.conf(5).
time_configuration() {
  local server subnet
  printf '# Written by kube-lab\ndriftfile /var/lib/chrony/chrony.drift\nmakestep 1 -1\nrtcsync\n'
  for server in $TIME_SERVERS; do printf 'server %s iburst maxpoll 7\n' "$server"; done
  [ "$ROLE" != gateway ] || {
    for subnet in $LAB_SUBNETS; do printf 'allow %s\n' "$subnet"; done
    printf 'local stratum 10\n'
  }
}
