use raft_play::machine::KeyValue;
use raft_play::playground::*;
use raft_play::ui::app::{App, Start};
use raft_play::ui::event_loop::{ScreenOptions, play};
use raft_play::ui::library::*;
use raft_play::ui::terminal::Mouse;
use raft_play::ui::told::ToldWorld;
use raft_play::ui::view::*;
use std::path::PathBuf;
struct L;
impl Library<ToldWorld<KeyValue>> for L {
    fn list(&self) -> Vec<OpenRow> {
        vec![]
    }
    fn open(&mut self, _: &str) -> Result<Opened<ToldWorld<KeyValue>>, String> {
        panic!("open panics")
    }
    fn save(&mut self, _: &mut ToldWorld<KeyValue>, name: &str, _: Overwrite) -> Result<PathBuf, Refusal> {
        Ok(name.into())
    }
    fn save_last(&mut self, _: &mut ToldWorld<KeyValue>) -> Result<PathBuf, String> {
        Ok("last".into())
    }
    fn script(&mut self, n: &str, _: &[TimedCommand]) -> Result<PathBuf, Refusal> {
        Ok(n.into())
    }
    fn export(&mut self, n: &str, _: &Scene<'_>) -> Result<PathBuf, Refusal> {
        Ok(n.into())
    }
}
fn main() -> std::process::ExitCode {
    let world = World::new(WorldOptions {
        nodes: 5,
        seed: 42,
        settings: Settings::default(),
        host: HostKind::Threads,
        data_dir: None,
    })
    .unwrap();
    let mut app = App::new(
        ToldWorld::<KeyValue>::from_the_start(world),
        Box::new(L),
        Start {
            first_steps: true,
            is_paused: std::env::args().nth(1).is_some(),
            ..Start::default()
        },
    );
    match play(
        &mut app,
        &ScreenOptions {
            mouse: Mouse::Captured,
            headless: "raft-play run --nodes 5 --for 10s".into(),
        },
    ) {
        Ok(exit) => std::process::ExitCode::from(exit.code()),
        Err(e) => {
            eprintln!("raft-play: {e}");
            std::process::ExitCode::from(e.code())
        }
    }
}
