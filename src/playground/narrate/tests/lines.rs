//! Every line fits, explains itself and can be printed.

use super::any::any_happening;
use super::*;

#[test]
fn a_command_can_not_reach_the_terminal() {
    let propose = Happening::Commanded(Command::Propose {
        to: None,
        command: "\x1b]0;mine\x07\u{202e}".to_owned(),
    });
    let mut narrator = Narrator::new(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let line = narrator.tell(&record(0, propose)).unwrap();
    assert!(is_printable(&line.short), "{:?}", line.short);
}

#[test]
fn ordinary_lines_need_no_cutting() {
    for what in [minority_leader(), election()].concat() {
        for line in tell(vec![what]) {
            assert!(
                !line.short.ends_with('…') && !line.long.ends_with('…'),
                "{line:?}"
            );
        }
    }
}

fn is_printable(text: &str) -> bool {
    let is_hidden = |c: char| {
        c.is_control() || ('\u{200b}'..='\u{200f}').contains(&c) || ('\u{202a}'..='\u{202e}').contains(&c)
    };
    !text.chars().any(is_hidden)
}

proptest! {
    #[test]
    fn every_line_fits_explains_itself_and_is_printable(
        happenings in proptest::collection::vec(any_happening(), 1..60),
    ) {
        for line in tell(happenings) {
            prop_assert!(columns(&line.short) <= SHORT_WIDTH, "{}", line.short);
            prop_assert!(columns(&line.long) <= LONG_WIDTH, "{}", line.long);
            prop_assert!(line.why.rule.len() > 10 && line.why.rule.ends_with('.'), "{line:?}");
            let texts = [&line.short, &line.long, &line.why.rule, &line.why.otherwise];
            for text in texts.into_iter().chain(&line.why.values) {
                prop_assert!(is_printable(text), "{text:?}");
            }
        }
    }
}
