//! Servers on threads.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::report::Report;
use super::work::{Digest, Meter, command};
use super::{BenchError, Client, Storage, Wire, Workload};
use crate::node::{ProposalEnd, Sent};
use crate::server::{ByteLinks, Cluster, LocalNetwork, Mailbox, Server, Stream, Transport};
use crate::types::ClusterId;

/// The longest that an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn measure(work: &Workload) -> Result<Report, BenchError> {
    let directory = match &work.storage {
        Storage::Memory => None,
        Storage::Files(under) => Some(tempfile::tempdir_in(under)?),
    };
    let network = LocalNetwork::new();
    let cluster = Cluster::start(work.nodes, |options| {
        let (address, machine) = (options.address.clone(), Digest::default());
        let own = directory
            .as_ref()
            .map(|directory| directory.path().join(address.text()));
        let connect = |mailbox: Mailbox| {
            network.connect(address, mailbox.clone());
            Links::new(work.wire, &network, mailbox)
        };
        match own {
            None => Server::start_in_memory(&options, machine, connect),
            Some(own) => Server::start(&options, &own, machine, connect),
        }
    })?;
    let leader = cluster.wait_for_leader();
    let mut client = Loop {
        work,
        stream: leader.stream(),
        sent: VecDeque::new(),
    };
    client.run(Meter::warm_up(work))?;
    let (elapsed, latencies) = client.run(Meter::of(work))?.finish();
    check(cluster.servers())?;
    cluster.shutdown();
    drop(directory);
    Ok(Report::of(work, "threads", elapsed, &latencies))
}

/// What carries messages.
enum Links {
    Structs(LocalNetwork),
    Bytes(ByteLinks),
}

impl Links {
    fn new(wire: Wire, network: &LocalNetwork, mailbox: Mailbox) -> Self {
        match wire {
            Wire::Struct => Self::Structs(network.clone()),
            Wire::Bytes => Self::Bytes(ByteLinks::new(network.clone(), mailbox)),
        }
    }
}

impl Transport for Links {
    fn send(&mut self, cluster: ClusterId, sent: Sent) {
        match self {
            Self::Structs(network) => network.send(cluster, sent),
            Self::Bytes(links) => links.send(cluster, sent),
        }
    }

    fn flush(&mut self) {
        match self {
            Self::Structs(network) => network.flush(),
            Self::Bytes(links) => links.flush(),
        }
    }

    fn rest(&mut self) {
        match self {
            Self::Structs(network) => network.rest(),
            Self::Bytes(links) => links.rest(),
        }
    }
}

/// A client that keeps so many commands open.
struct Loop<'a> {
    work: &'a Workload,
    stream: Stream,
    /// When each open command was sent; answers come in the same order.
    sent: VecDeque<Instant>,
}

impl Loop<'_> {
    /// Runs until no more may be sent, and all is answered.
    fn run(&mut self, mut meter: Meter) -> Result<Meter, BenchError> {
        loop {
            let now = Instant::now();
            let open = self.sent.len() as u64;
            let more = meter.allows(self.work.inflight - open, now);
            self.send(more, now);
            if self.sent.is_empty() {
                return Ok(meter);
            }
            self.take_answers(&mut meter)?;
        }
    }

    fn send(&mut self, count: u64, now: Instant) {
        let first = self.stream.next_token();
        let commands = (first..first + count).map(|number| command(number, self.work.payload));
        match self.work.client {
            Client::Single => {
                for command in commands {
                    self.stream.propose(command);
                }
            }
            Client::Batch if count > 0 => {
                let commands = commands.collect();
                self.stream.propose_batch(commands);
            }
            Client::Batch => {}
        }
        self.sent.extend((0..count).map(|_| now));
    }

    /// Waits for an answer, and takes all that are there.
    fn take_answers(&mut self, meter: &mut Meter) -> Result<(), BenchError> {
        let first = self.stream.wait(PATIENCE);
        if first.is_empty() {
            return Err(BenchError::LeaderLost);
        }
        let mut count = 0;
        for told in first
            .into_iter()
            .chain(self.stream.answers().try_iter().flatten())
        {
            // Whatever else it may be told comes of a change of leaders.
            if !matches!(told.end, ProposalEnd::Done { .. }) {
                return Err(BenchError::LeaderLost);
            }
            count += 1;
        }
        let now = Instant::now();
        self.sent.drain(..count).for_each(|sent| meter.done(1, sent, now));
        Ok(())
    }
}

/// All servers come to the same state.
fn check(servers: &[Server]) -> Result<(), BenchError> {
    let mut states = servers.iter().map(|server| server.read("").wait());
    let first = states.next().transpose()?;
    for state in states {
        if Some(state?.answer) != first.as_ref().map(|first| first.answer.clone()) {
            return Err(BenchError::Differing);
        }
    }
    Ok(())
}
