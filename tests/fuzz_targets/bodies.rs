//! What is done with bytes that come from anywhere: each of these takes any bytes, and panics only where the program has a bug.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use raft_play::consensus::durable::{Metadata, Store, Write};
use raft_play::lesson::Step;
use raft_play::machine::KeyValue;
use raft_play::playground::{
    Command, Happening, HostKind, Settings, Stop, TimedCommand, World, WorldImage, WorldOptions,
};
use raft_play::save::script::Script;
use raft_play::save::{self, Save};
use raft_play::storage::simulated::SimulatedDisk;
use raft_play::storage::wal::{Identity, Wal, WalOptions};
use raft_play::types::{ClusterId, Entries, Entry, Incarnation, NodeId, Term, VirtualTime, WriteSequence};
use raft_play::ui::app::{App, Start};
use raft_play::ui::keymap;
use raft_play::ui::library::{Library, Opened, Overwrite, Recording, Refusal};
use raft_play::ui::told::ToldWorld;
use raft_play::ui::view::{OpenRow, Scene};
use raft_play::wire::{Decoder, Hello, Limits};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

type Lab = World<KeyValue>;

/// Whose files they are that a log is recovered from.
pub const IDENTITY: Identity = Identity {
    cluster: ClusterId::new(7),
    node: NodeId::new(3),
};

/// The text of a save: it is refused in one line, or it is a cluster that runs.
pub fn save_bytes(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match save::parse(text, "bytes") {
        Ok(save) => run(save.image, 40),
        Err(error) => assert_plain(&error.to_string()),
    }
}

/// A save that can be read is written so that it reads as itself, and the same text comes of it again.
pub fn save_round_trip(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(mut save) = save::parse(text, "bytes") else {
        return;
    };
    save.then.clear();
    let mut world = Lab::restore(save.image, HostKind::Inline, None).expect("parsing has tried it");
    for _ in 0..data.len() % 64 {
        world.step();
        world.go_on();
    }
    let Ok(image) = world.image() else { return };
    let save = Save {
        image,
        ..save_of(save.title, save.notes)
    };
    let written = save::render(&save);
    let read = save::parse(&written, "written").unwrap_or_else(|error| panic!("{error}\n{written}"));
    assert_eq!(read, save, "{written}");
    assert_eq!(save::render(&read), written);
}

fn save_of(title: Option<String>, notes: Vec<Step>) -> Save {
    let image = fresh().image().expect("no disk has failed");
    Save {
        title,
        notes,
        image,
        then: Vec::new(),
    }
}

/// The files of a log: they are refused, or what is recovered is recovered again, and goes on. The first bytes say how long each is.
pub fn wal_recover(data: &[u8]) {
    let names = [
        "wal-0000000001.log",
        "wal-0000000002.log",
        "snapshot-0000000001.snap",
    ];
    let (mut rest, mut files) = (data, Vec::new());
    for name in names {
        let Some((length, after)) = rest.split_first_chunk::<2>() else {
            break;
        };
        let (bytes, after) = after.split_at(usize::from(u16::from_le_bytes(*length)).min(after.len()));
        files.push((name.to_owned(), bytes.to_vec()));
        rest = after;
    }
    let disk = SimulatedDisk::from_contents(files.into_iter().collect()).expect("plain names");
    let options = WalOptions {
        segment_bytes: 200,
        ..WalOptions::default()
    };
    let (mut wal, recovered) = match Wal::open(disk, IDENTITY, options) {
        Ok(opened) => opened,
        Err(error) => return assert_plain(&error.to_string()),
    };
    let next = Write {
        sequence: WriteSequence::new(1),
        metadata: Some(Metadata {
            term: Term::LAST,
            vote: None,
        }),
        snapshot: None,
        compact: None,
        truncate: None,
        append: Entries::empty(recovered.base.index.next()),
    };
    let Some(index) = recovered.entries.last_index().number().checked_add(1) else {
        return;
    };
    let entry = Entry::command(Term::LAST, b"x=1".to_vec().into());
    let append = Entries::new(raft_play::types::LogIndex::new(index), [entry]);
    let synced = wal
        .begin(&Write { append, ..next })
        .expect("what was recovered goes on");
    wal.settle(synced);
    let mut disk = wal.into_disk();
    disk.power_cut_losing_everything();
    let again = Wal::inspect(&disk, IDENTITY).expect("what was recovered is durable");
    assert_eq!(again.entries.len(), recovered.entries.len() + 1);
    assert_eq!((again.snapshot, again.cut), (recovered.snapshot, None));
}

/// The data of a snapshot: a node that starts from it is refused, or runs, crashes and starts again.
pub fn snapshot_install(data: &[u8]) {
    let mut bytes = String::new();
    for byte in data {
        write!(bytes, "\\x{byte:02x}").expect("a text takes any");
    }
    let snapshot = format!("(last: (index: 2, term: 1), data: b\"{bytes}\")");
    let node = format!("(term: 1, log: [1], commit: 3, snapshot: {snapshot})");
    let text =
        format!("(nodes: [(term: 1, log: [1, 1, 1], role: Leader, vote: 1, commit: 3), {node}, {node}])");
    match save::parse(&text, "snapshot") {
        Ok(save) => run(save.image, 60),
        Err(error) => assert_plain(&error.to_string()),
    }
}

/// A file of commands: it is refused in one line, or carried out; what can't be done is refused, and the cluster goes on.
pub fn replay_journal(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let script = match Script::parse(text) {
        Ok(script) => script,
        Err(error) => return assert_plain(&error.to_string()),
    };
    assert_eq!(
        Script::parse(&script.text("")).as_ref(),
        Ok(&script),
        "it reads as it is written"
    );
    let mut world = fresh();
    let end = VirtualTime::default().after(Duration::from_secs(2));
    for TimedCommand { at, command, .. } in script.commands.into_iter().take(30) {
        world.run_until(at.min(end));
        if let Err(error) = world.command(command) {
            assert_plain(&error.to_string());
        }
        world.go_on();
    }
    assert_sound(&mut world);
}

/// Bytes from a link: each is refused in one line, and then the link is over, or it is a message. After an even first byte they come as they are;
/// after an odd one they are bodies of frames, two bytes of length before each, which get a right length and checksum: by chance none has.
pub fn message_decode(data: &[u8]) {
    let Some((&how, rest)) = data.split_first() else {
        return;
    };
    let (cluster, own) = (ClusterId::new(7), NodeId::new(2));
    let hello = Hello {
        cluster,
        from: NodeId::new(1),
        incarnation: Incarnation::new(3),
        to: own,
    };
    let limits = Limits {
        frame_bytes: 1 << 16,
        items: 1 << 10,
    };
    let mut decoder = Decoder::new(cluster, own, limits);
    let mut chunks = vec![hello.encode()];
    if how.is_multiple_of(2) {
        chunks.extend(rest.chunks(7).map(Bytes::copy_from_slice));
    } else {
        chunks.extend(bodies_in(rest).map(frame));
    }
    for chunk in chunks {
        decoder.feed(chunk);
        loop {
            match decoder.next_message() {
                Ok(Some(message)) => assert_eq!(message.into_inner().to, own),
                Ok(None) => break,
                Err(error) => {
                    assert_plain(&error.to_string());
                    decoder.feed(frame(&[2]));
                    assert_eq!(decoder.next_message().err(), Some(error), "the link is over");
                    return;
                }
            }
        }
    }
}

fn bodies_in(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (body, after) = after.split_at(usize::from(u16::from_le_bytes(*length)).min(after.len()));
        rest = after;
        Some(body)
    })
}

/// A frame around a kind and a body.
fn frame(body: &[u8]) -> Bytes {
    let mut length = body.len() + 4;
    let mut frame = Vec::new();
    while length > 0x7f {
        frame.push(u8::try_from(length & 0x7f).expect("seven bits") | 0x80);
        length >>= 7;
    }
    frame.push(u8::try_from(length).expect("seven bits"));
    frame.extend_from_slice(body);
    let checksum = crc32c::crc32c(&frame);
    frame.extend_from_slice(&checksum.to_le_bytes());
    frame.into()
}

/// A text, wherever a person's text stands, on the screen: nothing that a terminal would obey, or that hides or turns what it shows.
pub fn text_on_screen(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let text: String = text.chars().take(200).collect();
    let command = text.replace('\n', " ");
    let save = format!(
        "(title: {text:?}, notes: [{text:?}, \"two\"], nodes: [(role: Leader, log: [1, (1, {command:?})], commit: 2), \
         (term: 1, log: [1], commit: 1, timer: 0.2), (term: 1, timer: 0.3)])"
    );
    let Save {
        title, notes, image, ..
    } = save::parse(&save, "text").expect("any text may stand there");
    let mut world = Lab::restore(image, HostKind::Inline, None).expect("parsing has tried it");
    let _ = world.command(Command::Propose { to: None, command });
    let start = Start {
        is_paused: true,
        speed: None,
        title,
        notes,
        first_steps: false,
        theme: raft_play::ui::view::ThemeName::Dark,
        ascii: false,
        motion: raft_play::ui::view::Motion::Smooth,
    };
    world.run_until(world.now().after(Duration::from_millis(60)));
    let app = App::new(ToldWorld::from_here(world), Box::new(NoLibrary), start);
    for (width, height) in [(120, 36), (60, 18)] {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory has no faults");
        let drawn = terminal
            .draw(|frame| app.draw(&keymap::help(), frame))
            .expect("as above");
        for cell in &drawn.buffer.content {
            let odd = cell.symbol().chars().find(|letter| is_unsafe(*letter));
            assert_eq!(odd, None, "{text:?} puts {:?} on the screen", cell.symbol());
        }
    }
}

/// What a terminal would obey, and what turns or hides what stands around it.
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn assert_plain(line: &str) {
    assert!(
        !line.is_empty() && !line.chars().any(is_unsafe),
        "{line:?} is no line for people"
    );
}

fn fresh() -> Lab {
    let options = WorldOptions {
        nodes: 3,
        seed: 5,
        settings: Settings::default(),
        host: HostKind::Inline,
        data_dir: None,
    };
    World::new(options).expect("three nodes")
}

/// Runs a cluster for so many steps, with every node crashed and started again in the middle.
fn run(image: WorldImage, steps: usize) {
    let mut world = Lab::restore(image, HostKind::Inline, None).expect("parsing has tried it");
    let nodes = world.snapshot().nodes.len() as u64;
    for act in [Command::Thaw, Command::Crash, Command::Restart] {
        for id in (1..=nodes).map(NodeId::new) {
            // What can't be done now is left out.
            let _ = world.command(act(id));
        }
        for _ in 0..steps {
            world.step();
            world.go_on();
        }
    }
    assert_sound(&mut world);
}

/// No node has stopped for a bug of the program.
fn assert_sound(world: &mut Lab) {
    for record in world.drain_records() {
        if let Happening::Stopped {
            how: Stop::Failed { reason },
            ..
        } = record.what
        {
            assert!(!reason.contains("a bug"), "{reason}");
        }
    }
}

/// There is nothing to open, and nowhere to write.
struct NoLibrary;

impl Library<ToldWorld<KeyValue>> for NoLibrary {
    fn list(&self) -> Vec<OpenRow> {
        Vec::new()
    }

    fn open(&mut self, _: &str) -> Result<Opened<ToldWorld<KeyValue>>, String> {
        Err("nothing".into())
    }

    fn save(&mut self, _: &mut ToldWorld<KeyValue>, _: &str, _: Overwrite) -> Result<PathBuf, Refusal> {
        Err(Refusal::Failed("nowhere".into()))
    }

    fn save_last(&mut self, _: &mut ToldWorld<KeyValue>) -> Result<PathBuf, String> {
        Err("nowhere".into())
    }

    fn script(&mut self, _: &str, _: Recording<'_>) -> Result<PathBuf, Refusal> {
        Err(Refusal::Failed("nowhere".into()))
    }

    fn export(&mut self, _: &str, _: &Scene<'_>) -> Result<PathBuf, Refusal> {
        Err(Refusal::Failed("nowhere".into()))
    }
}
