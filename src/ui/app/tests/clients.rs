//! The tab of the clients.

use super::leader;
use crate::consensus::{ReadWay, Rule};
use crate::playground::{BarEnd, ClientsVerdict, ClientsView, Command};
use crate::types::NodeId;
use crate::ui::action::Action;
use crate::ui::testing::Keyboard;
use crate::ui::view::{Pane, Tab};

fn with_tab(nodes: u64, seed: u64) -> Keyboard {
    let mut keyboard = Keyboard::with_leader(nodes, seed);
    keyboard.app.update(Action::ShowTab(Tab::Clients));
    keyboard.type_in(":speed 1").press("Enter").press("Space");
    keyboard
}

fn act(keyboard: &mut Keyboard, command: Command) {
    keyboard.app.update(Action::Do(command));
}

fn clients(keyboard: &Keyboard) -> ClientsView {
    let scene = keyboard.app.scene();
    scene.clients.expect("the tab is shown").clone()
}

fn propose(to: Option<NodeId>, command: &str) -> Command {
    let command = command.to_owned();
    Command::Propose { to, command }
}

fn read(at: NodeId, query: &str) -> Command {
    let (at, query) = (Some(at), query.to_owned());
    let way = ReadWay::Index;
    Command::Read { at, query, way }
}

/// A session with a retry, an answer that never comes, and a read: each is seen for what it is.
#[test]
fn every_call_is_a_bar_in_the_lane_of_its_client() {
    let mut keyboard = with_tab(3, 1);
    assert_eq!(clients(&keyboard).verdict, ClientsVerdict::Nothing);
    let lead = leader(&keyboard);
    act(&mut keyboard, propose(None, "x=1"));
    keyboard.wait(300);
    keyboard.type_in(":session").press("Enter");
    keyboard.wait(300);
    keyboard.type_in(":in 3 x=2").press("Enter");
    act(&mut keyboard, Command::Crash(lead));
    keyboard.wait(2_000);
    act(&mut keyboard, Command::Retry { to: None });
    keyboard.wait(300);
    let next = leader(&keyboard);
    assert_ne!(next, lead);
    act(&mut keyboard, read(next, "x"));
    keyboard.wait(300);
    act(&mut keyboard, propose(Some(next), "x=3"));
    let seen = clients(&keyboard);
    assert_eq!(seen.verdict, ClientsVerdict::Linearizable);
    assert_eq!(seen.witness, None);
    let [session, client] = &seen.lanes[..] else {
        panic!("one client with a session, and one without: {seen:#?}");
    };
    assert_eq!(session.bars.len(), 1);
    assert_eq!(session.bars[0].tries.len(), 2, "sent again under the same number");
    assert!(matches!(session.bars[0].end, BarEnd::Answered { .. }));
    let ends: Vec<_> = client
        .bars
        .iter()
        .map(|bar| (bar.words.as_str(), &bar.end))
        .collect();
    assert!(
        matches!(
            &ends[..],
            [
                ("x=1", BarEnd::Answered { .. }),
                ("x?", BarEnd::Answered { answer, .. }),
                ("x=3", BarEnd::Waiting),
            ] if answer == "2"
        ),
        "{ends:#?}"
    );
    insta::assert_snapshot!("clients_120x34", super::screen(&mut keyboard, 120, 34));
    keyboard.app.update(Action::Zoom(Some(Pane::Inspector)));
    insta::assert_snapshot!("clients_80x24", super::screen(&mut keyboard, 80, 24));
}

/// A rule is broken, and an old leader answers a read from what it has: the verdict says so, and what time travel goes back to is fine again.
#[test]
fn a_stale_read_is_no_order() {
    let mut keyboard = with_tab(3, 1);
    let old = leader(&keyboard);
    act(&mut keyboard, propose(None, "x=1"));
    keyboard.wait(300);
    act(&mut keyboard, Command::Break(Rule::ReadIndexQuorum));
    let others = (1..=3).map(NodeId::new).filter(|id| *id != old).collect();
    act(&mut keyboard, Command::Partition(vec![vec![old], others]));
    keyboard.wait(2_000);
    assert_ne!(leader(&keyboard), old);
    act(&mut keyboard, propose(None, "x=2"));
    keyboard.wait(300);
    assert_eq!(clients(&keyboard).verdict, ClientsVerdict::Linearizable);
    act(&mut keyboard, read(old, "x"));
    let seen = clients(&keyboard);
    let ClientsVerdict::NotLinearizable(why) = &seen.verdict else {
        panic!("{seen:#?}");
    };
    assert_eq!(why, "get x -> 1 can't be placed: x is then 2");
    let screen = super::screen(&mut keyboard, 120, 34);
    assert!(screen.contains("✗ not linearizable: get x -> 1"), "{screen}");
    keyboard.press("u");
    assert_eq!(clients(&keyboard).verdict, ClientsVerdict::Linearizable);
    keyboard.press("U");
    assert_eq!(clients(&keyboard), seen);
}

/// What nobody looks at is not judged, and looking changes nothing.
#[test]
fn who_looks_changes_nothing() {
    let run = |tab| {
        let mut keyboard = Keyboard::with_leader(3, 2);
        keyboard.app.update(Action::ShowTab(tab));
        keyboard.press("Space");
        for _ in 0..3 {
            keyboard.press("n").wait(500);
            drop(super::screen(&mut keyboard, 120, 34));
        }
        assert_eq!(keyboard.app.scene().clients.is_some(), tab == Tab::Clients);
        format!("{:?}", keyboard.app.scene().snapshot)
    };
    assert!(
        run(Tab::Clients) == run(Tab::Node),
        "a run is the same whoever looks"
    );
}
