#!/usr/bin/env -S PERL_BADLANG=0 /usr/bin/perl -w
# VBoxManage's stand-in as it is called: has the resident service do it, which spares the start of node (100 ms of
# processor time against 5). Where none answers, the program beside this file does it and starts a service for the next.
# No module is loaded: each would cost more than all the rest.
use strict;

my $file = $0;
while (defined(my $target = readlink $file)) {
    $file = $target =~ m{^/} ? $target : folder_of($file) . $target;
}
my $program = folder_of($file) . 'VBoxManage.js';

ask_service();
if (!exec {$program} $program, '--with-service', @ARGV) {
    print STDERR "VBoxManage: error: $program: $!\n";
    exit 127;
}

sub folder_of { return $_[0] =~ s{[^/]*$}{}r }

# Ends this process with the verb's status, or returns when no service has begun the verb.
sub ask_service {
    my $folder = $ENV{KUBE_LAB_EMBEDDED_FOLDER} || '/var/lib/kube-lab-embedded';
    my @about = stat $program or return;
    my $origin = origin($folder);
    my $name = join '-', @about[9, 7, 1], unpack '%32C*', $origin;    # socket.ts
    socket my $service, 1, 1, 0 or return;    # AF_UNIX, SOCK_STREAM
    connect $service, pack 'Sa*', 1, "$folder/services/$name" or return;
    local $SIG{PIPE} = 'IGNORE';
    syswrite $service, join "\0", $origin, readlink('/proc/self/cwd') // '/', @ARGV;
    shutdown $service, 1;

    $| = 1;    # both streams in the order the words come
    my $begun = 0;
    while (defined(my $line = <$service>)) {
        my $kind = substr $line, 0, 1, '';
        if    ($kind eq '+') { $begun = 1 }
        elsif ($kind eq '1') { print STDOUT $line }
        elsif ($kind eq '2') { print STDERR $line }
        elsif ($kind eq '=') { exit $line }
    }
    return if !$begun;
    print STDERR "VBoxManage: error: the stand-in's service ended in the middle of this call; see $folder/services/log\n";
    exit 1;
}

# origin.ts, of this process.
sub origin {
    my ($folder) = @_;
    open my $groups, '<', '/proc/self/cgroup' or return '';
    return join "\n", $folder, $ENV{KUBE_LAB_EMBEDDED_TRACE} // '', $ENV{PATH} // '',
        map({ readlink "/proc/self/ns/$_" } qw(mnt net pid)), join '', <$groups>;
}
