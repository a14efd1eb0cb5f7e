//! Why a thing on the screen is as it is: the line that made it, or a sentence.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::playground::{Choice, Snapshot};
use crate::types::{LogIndex, Message, NodeId};
use crate::ui::action::{Action, Place, Size};
use crate::ui::because::{Because, Cause, Thing, find};
use crate::ui::draw::{self, Hit};
use crate::ui::keymap::{self, Mode};
use crate::ui::picture;
use crate::ui::testing::Keyboard;
use crate::ui::view::Overlay;

fn screen(keyboard: &Keyboard) -> String {
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal
        .draw(|frame| keyboard.app.draw(&keymap::help(), frame))
        .unwrap();
    picture::text(terminal.backend().buffer())
}

fn explained(keyboard: &Keyboard) -> Because {
    match &keyboard.app.scene().view.overlay {
        Some(Overlay::Because(because)) => because.as_ref().clone(),
        other => panic!("nothing is explained: {other:?} {}", keyboard.toast()),
    }
}

/// The line that an explanation points at.
fn line(keyboard: &Keyboard, because: &Because) -> String {
    match &because.cause {
        Cause::Line(line) => keyboard.app.scene().story[*line].short.clone(),
        Cause::Untold(sentence) => panic!("{}: {sentence}", because.thing),
    }
}

/// Runs until a message of this kind is in flight, and finds what sent it.
fn sent_by(keyboard: &mut Keyboard, is_it: fn(&Message) -> bool) -> String {
    let found = |snapshot: &Snapshot| {
        let mut messages = snapshot.messages.iter();
        let found = messages.find(|message| is_it(&message.envelope.message));
        found.map(|message| message.id)
    };
    for _ in 0..3_000 {
        if let Some(id) = found(keyboard.app.scene().snapshot) {
            keyboard.app.update(Action::WhyOf(Thing::Message(id)));
            let because = explained(keyboard);
            keyboard.press("Esc");
            return line(keyboard, &because);
        }
        keyboard.press("Space").wait(33).press("Space");
    }
    panic!("none was ever in flight");
}

#[test]
fn a_message_is_explained_by_the_line_that_sent_it() {
    let mut keyboard = Keyboard::new(3, 1);
    keyboard.type_in(":speed 1/8").press("Enter");
    let asks = sent_by(&mut keyboard, |message| {
        matches!(message, Message::VoteRequest(_))
    });
    assert!(asks.contains("timed out: candidate"), "{asks}");
    let votes = sent_by(&mut keyboard, |message| matches!(message, Message::VoteReply(_)));
    assert!(votes.contains("votes for"), "{votes}");
    let opens = sent_by(
        &mut keyboard,
        |message| matches!(message, Message::AppendRequest(request) if !request.entries.is_empty()),
    );
    assert!(opens.contains("appends 1"), "{opens}");
    let stored = sent_by(&mut keyboard, |message| {
        matches!(message, Message::AppendReply(_))
    });
    assert!(
        stored.contains("stores 1") || stored.contains("stores"),
        "{stored}"
    );
}

#[test]
fn enter_in_the_list_explains_and_comes_back_to_the_list() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    keyboard.press("n");
    let is_sent = |keyboard: &Keyboard| {
        let messages = &keyboard.app.scene().snapshot.messages;
        messages
            .iter()
            .any(|message| crate::ui::parcel::kind(&message.envelope.message) == "append")
    };
    while !is_sent(&keyboard) {
        keyboard.press("Space").wait(33).press("Space");
    }
    let count = keyboard.app.scene().snapshot.messages.len();
    keyboard.press("m Enter");
    assert_eq!(keyboard.app.mode(), Mode::Why);
    let because = explained(&keyboard);
    assert!(because.thing.starts_with("append S1→S"), "{}", because.thing);
    let told = line(&keyboard, &because);
    assert!(told.contains("S1 appends"), "{told}");
    let seen = screen(&keyboard);
    assert!(seen.contains("Why?") && seen.contains("append S1→S"), "{seen}");
    keyboard.press("Esc");
    assert_eq!(keyboard.app.mode(), Mode::Messages);
    assert_eq!(
        keyboard.app.scene().snapshot.messages.len(),
        count,
        "nothing was done to it"
    );
    keyboard.press("Enter Enter Esc");
    assert_eq!(keyboard.app.mode(), Mode::Main);
}

#[test]
fn nodes_entries_and_votes_are_explained_by_words() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let mut told = |words: &str| {
        keyboard.type_in(words).press("Enter");
        let because = explained(&keyboard);
        let told = line(&keyboard, &because);
        keyboard.press("Esc");
        told
    };
    assert!(told(":why 1").contains("S1 leads term 1"));
    assert!(told(":why S1 1").contains("S1 appends 1"));
    let stored = told(":why 2 1");
    assert!(stored.starts_with("S2 ") && stored.contains('1'), "{stored}");
    let vote = told(":why vote 2");
    assert!(vote.contains("S2 votes for S1"), "{vote}");
    keyboard.type_in(":why 2 99").press("Enter");
    assert!(keyboard.toast().contains("no entry 99"), "{}", keyboard.toast());
}

/// A second click on a node or an entry explains it; a drag that ends elsewhere still cuts.
#[test]
fn a_second_click_explains() {
    let mut keyboard = Keyboard::with_leader(3, 1);
    let (width, height) = (80, 24);
    keyboard.app.update(Action::Resize(Size { width, height }));
    let place_of = |keyboard: &Keyboard, wanted: Hit| {
        let area = ratatui::layout::Rect::new(0, 0, width, height);
        let scene = keyboard.app.scene();
        let found = area
            .positions()
            .find(|place| draw::hit(&scene, area, *place) == wanted);
        found.map(|place| Place {
            column: place.x,
            row: place.y,
        })
    };
    let node = NodeId::new(1);
    let index = LogIndex::new(1);
    let cell = place_of(&keyboard, Hit::Entry { node, index }).expect("a cell is seen");
    keyboard.app.update(Action::Press(cell));
    keyboard.app.update(Action::Release(cell));
    assert_eq!(keyboard.app.mode(), Mode::Main, "the first selects");
    keyboard.app.update(Action::Press(cell));
    keyboard.app.update(Action::Release(cell));
    assert!(explained(&keyboard).thing.starts_with("entry 1 of S1"));
    keyboard.press("Esc");
    let place = place_of(&keyboard, Hit::Node(node)).expect("it is seen");
    keyboard.app.update(Action::Press(place));
    keyboard.app.update(Action::Release(place));
    assert!(explained(&keyboard).thing.starts_with("S1: leader"));
}

#[test]
fn where_no_line_tells_a_sentence_does() {
    let keyboard = Keyboard::new(3, 1);
    let scene = keyboard.app.scene();
    let because = find(Thing::Vote(NodeId::new(2)), scene.snapshot, scene.story).expect("there is S2");
    assert!(matches!(&because.cause, Cause::Untold(sentence) if sentence.contains("no vote")));
    let gossip = crate::ui::because::thing_of(scene.snapshot, Choice::Gossip(NodeId::new(1)));
    assert_eq!(gossip, Thing::Node(NodeId::new(1)));
    assert!(find(Thing::Node(NodeId::new(9)), scene.snapshot, scene.story).is_err());
}
