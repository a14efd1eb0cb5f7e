//! The small values of a save: numbers, times, texts and lists, each with its bounds, so that what is out of them is
//! refused where it stands, with line and column.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use ron::value::RawValue;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::seconds;
use crate::machine::is_hidden;
use crate::types::VirtualTime;

/// Whether a field need not be written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Writes a value that is there as itself: where a raw number stands in an option, RON would write `Some` around it.
#[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
pub(super) fn plain<T: Serialize, S: Serializer>(
    value: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => value.serialize(serializer),
        None => serializer.serialize_none(),
    }
}

/// A number that leaves room to count on from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub(super) struct Number(u64);

impl Number {
    /// The largest.
    pub(super) const MAX: u64 = 1 << 62;

    pub(super) const fn get(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for Number {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        if number <= Self::MAX {
            Ok(Self(number))
        } else {
            Err(format!("{number} is too large; {} is the most", Self::MAX))
        }
    }
}

impl From<Number> for u64 {
    fn from(number: Number) -> Self {
        number.0
    }
}

/// A number that the state counts: never past the bound in what a world can reach.
pub(super) fn number(number: u64) -> Number {
    Number(number)
}

/// A time in seconds, exact to the nanosecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct Seconds(#[serde(with = "seconds")] VirtualTime);

impl Seconds {
    pub(crate) const fn at(time: VirtualTime) -> Self {
        Self(time)
    }

    pub(super) fn of(duration: Duration) -> Self {
        Self(VirtualTime::default().after(duration))
    }

    pub(crate) const fn instant(self) -> VirtualTime {
        self.0
    }

    pub(crate) const fn duration(self) -> Duration {
        Duration::from_nanos(self.0.nanos())
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let time = seconds::deserialize(deserializer)?;
        if time.nanos() <= Number::MAX {
            Ok(Self(time))
        } else {
            Err(D::Error::custom("this time is more than a hundred years away"))
        }
    }
}

/// A duration in milliseconds, exact to the nanosecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Millis(pub(super) Duration);

/// The digits of so many milliseconds are those of as many thousand times the seconds.
const THOUSAND: u64 = 1000;

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let nanos = u64::try_from(self.0.as_nanos()).unwrap_or(u64::MAX);
        let text = seconds::text(VirtualTime::from_nanos(nanos.saturating_mul(THOUSAND)));
        let text = text.strip_suffix(".0").unwrap_or(&text);
        let raw = RawValue::from_boxed_ron(text.into());
        raw.map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.trim().get_ron();
        let nanos = seconds::parse(text).ok().map(VirtualTime::nanos);
        let nanos = nanos.filter(|nanos| nanos % THOUSAND == 0);
        let error = || {
            let start: String = text.chars().take(24).filter(|c| !c.is_control()).collect();
            D::Error::custom(format!(
                "`{start}` is no time in milliseconds: digits, and up to six more after a point"
            ))
        };
        nanos
            .map(|nanos| Self(Duration::from_nanos(nanos / THOUSAND)))
            .ok_or_else(error)
    }
}

/// A list with a bound on its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List<T, const MOST: usize>(pub(crate) Vec<T>);

impl<T, const MOST: usize> Default for List<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MOST: usize> Deref for List<T, MOST> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MOST: usize> FromIterator<T> for List<T, MOST> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self(items.into_iter().collect())
    }
}

impl<T, const MOST: usize> IntoIterator for List<T, MOST> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T: Serialize, const MOST: usize> Serialize for List<T, MOST> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for List<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for ListVisitor<T, MOST> {
    type Value = List<T, MOST>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of at most {MOST}")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element()? {
            if items.len() == MOST {
                return Err(A::Error::custom(format!("this list may have at most {MOST}")));
            }
            items.push(item);
        }
        Ok(List(items))
    }
}

/// Keys and values: each key once, and a bound on how many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Table<const MOST: usize>(pub(super) BTreeMap<String, String>);

impl<'de, const MOST: usize> Deserialize<'de> for Table<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor::<MOST>)
    }
}

struct TableVisitor<const MOST: usize>;

impl<'de, const MOST: usize> Visitor<'de> for TableVisitor<MOST> {
    type Value = Table<MOST>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "at most {MOST} keys and values: {{\"x\": \"1\"}}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table<MOST>, A::Error> {
        let mut values = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            if values.len() == MOST {
                return Err(A::Error::custom(format!("there may be {MOST} keys at most")));
            }
            if values.contains_key(&key) {
                let key = brief(&key);
                return Err(A::Error::custom(format!(
                    "the key `{key}` stands twice; delete one of them"
                )));
            }
            values.insert(key, value);
        }
        Ok(Table(values))
    }
}

/// A text in an error: its beginning, on one line.
pub(crate) fn brief(text: &str) -> String {
    neutralised(text)
        .chars()
        .take(40)
        .map(|letter| if letter == '\n' { ' ' } else { letter })
        .collect()
}

/// A command: text, or a byte string where it is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text(pub(super) Bytes);

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(&self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.serialize_bytes(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a command: \"text\", or b\"bytes\" where it is none")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(Bytes::copy_from_slice(text.as_bytes())))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Text, E> {
        Ok(Text(Bytes::copy_from_slice(bytes)))
    }
}

/// Bytes of a disk, in Base64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Blob(pub(super) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64
            .decode(text)
            .map(Self)
            .map_err(|error| D::Error::custom(format!("these bytes are not Base64: {error}")))
    }
}

/// The hash of a trace, in hexadecimal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Hash(pub(crate) u128);

impl TryFrom<String> for Hash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_plain = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let hash = u128::from_str_radix(&text, 16).ok().filter(|_| is_plain);
        hash.map(Self)
            .ok_or_else(|| "a trace's hash is 32 hexadecimal digits".to_owned())
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        format!("{:032x}", hash.0)
    }
}

/// A text for people. What would break their screen is shown as what it is: an odd character.
pub(crate) fn neutralised(text: &str) -> String {
    let replaced = |character: char| {
        if is_unsafe(character) {
            char::REPLACEMENT_CHARACTER
        } else {
            character
        }
    };
    text.chars().map(replaced).collect()
}

/// Control characters, and what turns the direction of text or takes no room. A line break is neither.
pub(crate) fn is_unsafe(character: char) -> bool {
    character != '\n' && (is_hidden(character) || is_variation(character))
}

/// What chooses a form of the character before it. It takes no room, and does no other harm.
pub(crate) fn is_variation(character: char) -> bool {
    matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}
