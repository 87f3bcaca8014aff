# The DHCP probe's relay (see relay.ts) for hosts that have Perl.
use strict;
use Socket;

my ($seconds, $packet) = ($ARGV[0], pack("H*", $ARGV[1]));
my ($end, $due) = (time + $seconds, 0);
socket(my $relay, PF_INET, SOCK_DGRAM, getprotobyname("udp") || 17) or die "socket: $!\n";
setsockopt($relay, SOL_SOCKET, SO_BROADCAST, 1) or die "SO_BROADCAST: $!\n";
bind($relay, sockaddr_in(68, INADDR_ANY)) or die "port 68: $!\n";
while (time < $end) {
    if (time >= $due) {
        $due = time + 2;
        send($relay, $packet, 0, sockaddr_in(67, INADDR_BROADCAST));
    }
    my $ready = "";
    vec($ready, 0, 1) = vec($ready, fileno($relay), 1) = 1;
    select($ready, undef, undef, 0.5);
    exit 1 if vec($ready, 0, 1) && !sysread(STDIN, my $word, 4096);
    next unless vec($ready, fileno($relay), 1) && defined recv($relay, my $message, 4096, 0);
    if (substr($message, 0, 1) eq "\2" && substr($message, 4, 4) eq substr($packet, 4, 4)) {
        print unpack("H*", $message), "\n";
        last;
    }
}
