//! A state machine of one's own, played with: a small bank that is replicated over three nodes.
//!
//! `cargo run --example bank` opens accounts, moves money, asks for the sum in the three ways that there are to read, sends a
//! transfer twice in a session, takes snapshots, kills the leader and brings it back, and shows that no money was lost. The `World` is the one that the screen plays with.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use bytes::Bytes;
use raft_play::consensus::{ReadWay, Switch};
use raft_play::machine::{
    Exhibit, MachineSnapshot, RestoreError, SnapshotTask, Snapshots, StateMachine, read_all,
};
use raft_play::playground::{ClientAnswer, Command, Happening, HostKind, Settings, World, WorldOptions};
use raft_play::types::{LogIndex, NodeId, SessionId};

/// Accounts by name. Everything that every server does with a command must be the same, so there is no clock here, no random number
/// and no order that could differ: a `BTreeMap`, not a `HashMap`.
#[derive(Default)]
struct Bank(BTreeMap<String, u64>, Snapshots);

impl Bank {
    /// `open ann 100` or `move ann bob 30`. What makes no sense is answered, never panicked about: it is in every server's log.
    fn carry_out(&mut self, command: &str) -> Result<String, &'static str> {
        let words: Vec<&str> = command.split(' ').collect();
        match words[..] {
            ["open", name, amount] => {
                let amount = amount.parse().map_err(|_| "no amount")?;
                if self.0.contains_key(name) {
                    return Err("the account is there");
                }
                self.0.insert(name.to_owned(), amount);
                Ok(format!("{name} has {amount}"))
            }
            ["move", from, to, amount] => {
                let amount: u64 = amount.parse().map_err(|_| "no amount")?;
                // Check all of it before any of it is done: a command is applied whole or not at all.
                let left = self.0.get(from).and_then(|has| has.checked_sub(amount));
                let left = left.ok_or("there is not so much")?;
                let sum = self.0.get(to).and_then(|has| has.checked_add(amount));
                let sum = sum.filter(|_| from != to).ok_or("no such receiver")?;
                self.0.extend([(from.to_owned(), left), (to.to_owned(), sum)]);
                Ok(format!("{from} has {left}, {to} has {sum}"))
            }
            _ => Err("no such command"),
        }
    }
}

impl StateMachine for Bank {
    /// Every committed command, in the order of the log, on every server.
    fn apply(&mut self, command: &[u8]) -> Bytes {
        let done = self.carry_out(&String::from_utf8_lossy(command));
        Bytes::from(done.unwrap_or_else(|reason| format!("refused: {reason}")))
    }

    /// What one account has; or with no name, what all have together.
    fn query(&self, name: &[u8]) -> Bytes {
        let name = String::from_utf8_lossy(name);
        let amount = if name.is_empty() {
            self.0.values().sum()
        } else {
            self.0.get(&*name).copied().unwrap_or_default()
        };
        Bytes::from(amount.to_string())
    }

    /// The last snapshot that was taken, for who is left behind and for a restart.
    fn snapshot(&self) -> Option<MachineSnapshot> {
        self.1.latest()
    }

    /// All accounts as they are now, a line each. A machine that takes longer gives a task that is not ready yet.
    fn perform_snapshot(&mut self, index: LogIndex) -> SnapshotTask {
        let line = |(name, amount): (&String, &u64)| format!("{name} {amount}");
        let lines: Vec<String> = self.0.iter().map(line).collect();
        self.1.keep(index, lines.join("\n"))
    }

    /// The accounts out of what another server wrote down.
    fn restore(&mut self, reader: &mut dyn Read) -> Result<(), RestoreError> {
        let bytes = read_all(reader)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| RestoreError::Malformed("no text"))?;
        let account = |line: &str| {
            let (name, amount) = line.rsplit_once(' ')?;
            Some((name.to_owned(), amount.parse().ok()?))
        };
        let accounts = text.lines().map(account).collect::<Option<_>>();
        self.0 = accounts.ok_or(RestoreError::Malformed("no account"))?;
        Ok(())
    }
}

/// How people see it.
impl Exhibit for Bank {
    fn describe(command: &[u8]) -> String {
        String::from_utf8_lossy(command).into_owned()
    }

    fn contents(&self) -> Vec<(String, String)> {
        let accounts = self.0.iter();
        accounts
            .map(|(name, amount)| (name.clone(), amount.to_string()))
            .collect()
    }
}

/// A cluster of three, and what its clients were told.
struct Branch {
    world: World<Bank>,
    story: Vec<String>,
    session: SessionId,
}

impl Branch {
    fn open() -> Result<Self, Box<dyn std::error::Error>> {
        let mut world = World::new(WorldOptions {
            nodes: 3,
            seed: 1,
            settings: Settings::default(),
            host: HostKind::Inline,
            data_dir: None,
        })?;
        // A read by lease needs leases; each rests on what followers promise their leader.
        world.command(Command::Lease(Switch::On))?;
        let mut branch = Self {
            world,
            story: Vec::new(),
            session: SessionId::default(),
        };
        branch.wait();
        Ok(branch)
    }

    /// A second goes by: virtual time, so it takes none.
    fn wait(&mut self) {
        let later = self.world.now().after(Duration::from_secs(1));
        self.world.run_until(later);
    }

    /// Asks the leader, and waits for the answer.
    fn ask(&mut self, what: &str, command: Command) -> Result<(), Box<dyn std::error::Error>> {
        self.world.drain_records();
        self.world.command(command)?;
        self.wait();
        for record in self.world.drain_records() {
            if let Happening::Answered { answer, .. } = record.what {
                let answer = match answer {
                    ClientAnswer::Done { answer, .. } | ClientAnswer::Read { answer, .. } => answer,
                    ClientAnswer::SessionOpened { session } => {
                        self.session = session;
                        Bytes::from(session.to_string())
                    }
                    other => Bytes::from(format!("{other:?}")),
                };
                self.story
                    .push(format!("{what}: {}", String::from_utf8_lossy(&answer)));
            }
        }
        Ok(())
    }

    fn propose(&mut self, command: &str) -> Result<(), Box<dyn std::error::Error>> {
        let (to, text) = (None, command.to_owned());
        self.ask(command, Command::Propose { to, command: text })
    }

    fn sum(&mut self, way: ReadWay) -> Result<(), Box<dyn std::error::Error>> {
        let (at, query) = (None, String::new());
        self.ask(&format!("sum by {way:?}"), Command::Read { at, query, way })
    }
}

/// What happens in the example, line by line.
pub fn story() -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let mut branch = Branch::open()?;
    branch.propose("open ann 100")?;
    branch.propose("open bob 20")?;
    branch.propose("move ann bob 30")?;
    branch.propose("move bob eve 10")?;
    // Through the log: as slow as a write. By ReadIndex: the leader asks a majority whether it still leads. By lease: it relies on
    // what a majority has promised, and answers at once.
    for way in [ReadWay::Log, ReadWay::Index, ReadWay::Lease] {
        branch.sum(way)?;
    }
    // A client whose answer was lost asks again. In a session that is safe: the second is answered from what was kept.
    let (to, timeout_ms) = (None, Command::SESSION_TIMEOUT_MS);
    branch.ask("a session", Command::OpenSession { to, timeout_ms })?;
    let transfer = Command::ProposeIn {
        to: None,
        session: branch.session,
        serial: None,
        command: "move ann bob 10".to_owned(),
    };
    branch.ask("move ann bob 10", transfer)?;
    branch.ask("the same again", Command::Retry { to: None })?;
    // A snapshot stands for the entries that led to it. One that is started anew begins with it.
    for id in [1, 2, 3].map(NodeId::new) {
        branch.world.command(Command::Snapshot(id))?;
    }
    branch.wait();
    let leader = branch.world.leader().ok_or("nobody leads")?;
    branch.world.command(Command::CutPower(leader))?;
    branch.wait();
    branch.propose("move bob ann 5")?;
    branch.world.command(Command::Restart(leader))?;
    branch.sum(ReadWay::Index)?;
    let nodes = branch.world.snapshot().nodes;
    assert!(nodes.iter().all(|node| node.contents == nodes[0].contents));
    // The oracles have watched all along.
    assert_eq!(branch.world.violations(), []);
    Ok(branch.story)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in story()? {
        println!("{line}");
    }
    Ok(())
}
