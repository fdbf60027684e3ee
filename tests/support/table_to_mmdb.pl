#!/usr/bin/perl
# A table of owners, as `format owners` reads it (start, end, AS number, country, organisation;
# tabs), on stdin -> the same in MaxMind's format on stdout. Arguments: the IP version of the
# tree (6: IPv4 is in it too, and 6to4 and the like lead to it), the bits of a record.
use strict;
use warnings;
use MaxMind::DB::Writer::Tree;

my ($version, $bits) = (@ARGV, 6, 28);
my %types = (
	autonomous_system_number       => 'uint32',
	autonomous_system_organization => 'utf8_string',
	country                        => 'map',
	iso_code                       => 'utf8_string',
);
my $tree = MaxMind::DB::Writer::Tree->new(
	ip_version               => $version,
	record_size              => $bits,
	database_type            => 'Test-ASN',
	languages                => ['en'],
	description              => { en => 'made by a test' },
	map_key_type_callback    => sub { $types{ $_[0] } },
	alias_ipv6_to_ipv4       => $version == 6 ? 1 : 0,
	remove_reserved_networks => 0,
);
while (my $row = <STDIN>) {
	chomp $row;
	my ($first, $last, $number, $country, $name) = split /\t/, $row;
	$tree->insert_range($first, $last, {
		autonomous_system_number       => $number,
		autonomous_system_organization => $name,
		country                        => { iso_code => $country },
	});
}
binmode STDOUT;
$tree->write_tree(\*STDOUT);
