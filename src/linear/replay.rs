//! What a value is after operations in an order: as plainly as can be.

use super::history::Action;

/// Does to a value what an operation does.
pub(super) fn apply(value: &mut Option<String>, action: &Action) {
    match action {
        Action::Get => {}
        Action::Set(new) => *value = Some(new.clone()),
        Action::Append(piece) => value.get_or_insert_default().push_str(piece),
        Action::CompareAndSet { expected, new } => {
            if value.as_ref() == Some(expected) {
                *value = Some(new.clone());
            }
        }
        Action::Delete => *value = None,
    }
}
