//! Three servers in one process, linked by channels that carry bytes, each with its log in files. One of them is stopped and started again, and nothing is lost.
//!
//! ```text
//! cargo run --release --example kv_server
//! ```

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use raft_play::machine::KeyValue;
use raft_play::server::{AskError, ByteLinks, LocalNetwork, Server, ServerOptions};
use raft_play::types::{Address, Configuration, NodeId};

fn main() -> Result<(), Box<dyn Error>> {
    for line in story()? {
        println!("{line}");
    }
    Ok(())
}

/// What happens, line by line.
pub fn story() -> Result<Vec<String>, Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let network = LocalNetwork::new();
    let start = |number| start(number, directory.path(), &network);
    let [first, second, third] = [start(1)?, start(2)?, start(3)?];
    let mut lines = Vec::new();

    for number in 0..100 {
        write(&second, &format!("key-{}={number}", number % 10))?;
    }
    lines.push("100 commands are on the disks of a majority".to_owned());

    // The first stops, whether it leads or not: the other two go on.
    first.shutdown()?;
    write(&second, "key-7=without-S1")?;
    lines.push("S1 is down, and the others go on".to_owned());

    // It starts again from its files, and catches up.
    let first = start(1)?;
    for key in ["key-7", "key-9"] {
        let answer = read(&first, key)?;
        lines.push(format!("S1 is back: {key}={answer}"));
    }
    for server in [first, second, third] {
        server.shutdown()?;
    }
    Ok(lines)
}

/// The server with this number, which goes on from its files where there are any.
fn start(number: u64, directory: &Path, network: &LocalNetwork) -> Result<Server, Box<dyn Error>> {
    let ids = || (1..=3).map(NodeId::new);
    let address = |id: NodeId| Address::new(&id.to_string()).ok_or("no address");
    let own = address(NodeId::new(number))?;
    let mut options = ServerOptions::new(NodeId::new(number), own.clone(), Configuration::of_voters(ids()));
    for other in ids().filter(|id| id.number() != number) {
        options.peers.push((other, address(other)?));
    }
    let server = Server::start(
        &options,
        &directory.join(own.text()),
        KeyValue::default(),
        |mailbox| {
            network.connect(own, mailbox.clone());
            ByteLinks::new(network.clone(), mailbox)
        },
    )?;
    Ok(server)
}

/// While a leader is being elected a command is refused, or nobody knows what became of it. These do no harm when they are sent
/// again; a command that would belongs into a session.
fn write(server: &Server, command: &str) -> Result<(), Box<dyn Error>> {
    patiently(|| server.propose_command(command.to_owned()).wait()).map(drop)
}

fn read(server: &Server, key: &str) -> Result<String, Box<dyn Error>> {
    let done = patiently(|| server.read(key.to_owned()).wait())?;
    Ok(String::from_utf8(done.answer.to_vec())?)
}

/// Asks until there is an answer, for ten seconds at most.
fn patiently<T>(ask: impl Fn() -> Result<T, AskError>) -> Result<T, Box<dyn Error>> {
    let begun = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return Ok(answer),
            Err(error) if begun.elapsed() > Duration::from_secs(10) => return Err(error.into()),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}
