//! Servers on threads.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::report::Report;
use super::work::{Digest, Meter, command};
use super::{BenchError, Client, Storage, Workload};
use crate::node::ProposalEnd;
use crate::server::{Cluster, Server, Stream};

/// The longest that an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn measure(work: &Workload) -> Result<Report, BenchError> {
    let (cluster, directory) = match &work.storage {
        Storage::Memory => (Cluster::local(work.nodes, Digest::default)?, None),
        Storage::Files(under) => {
            let directory = tempfile::tempdir_in(under)?;
            let cluster = Cluster::in_directory(work.nodes, directory.path(), Digest::default)?;
            (cluster, Some(directory))
        }
    };
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
        let answers = self.stream.answers();
        let first = answers
            .recv_timeout(PATIENCE)
            .map_err(|_| BenchError::LeaderLost)?;
        let mut count = 0;
        for told in std::iter::once(first).chain(answers.try_iter()) {
            // Whatever else it may be told comes of a change of leaders.
            if !matches!(told.end, ProposalEnd::Done { .. }) {
                return Err(BenchError::LeaderLost);
            }
            count += 1;
        }
        let now = Instant::now();
        self.sent.drain(..count).for_each(|sent| meter.done(sent, now));
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
