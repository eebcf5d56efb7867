package Job::Queue;

use strict;
use warnings;
use List::Util qw(first max);
use parent 'Job::Base';
require Job::Worker;

our $VERSION = '1.02';
use constant MAX_JOBS => 100;

=head1 NAME

Job::Queue - keeps jobs until they are done

=cut

# Makes a queue.
sub new {
    my ($class, %args) = @_;
    my $self = bless { jobs => [], name => $args{name} }, $class;
    return $self->init;
}

sub add {
    my ($self, $job) = @_;
    die "queue is full" if $self->count >= MAX_JOBS;
    push @{ $self->{jobs} }, $job;
    Job::Worker::wake($job);
    return $self;
}

# How many jobs there are.
sub count { scalar @{ $_[0]{jobs} } }

sub _next_id($self) {
    return max(map { $_->id } @{ $self->{jobs} }) + 1;
}

package Job::Queue::Item {
    sub id { $_[0]{id} }
}

sub run_all {
    my @queues = @_;
    $_->add(Job::Queue::Item->new) for @queues;
}

1;
