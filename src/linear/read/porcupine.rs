//! Porcupine's logs of a key-value store: a map in each line, as Clojure writes it.

use super::super::history::{Action, History};
use super::super::words::quoted;
use super::ReadError;
use super::events::{Ended, Event, Events};

/// A value in a map.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value<'a> {
    Nil,
    Number(u64),
    Keyword(&'a str),
    Text(String),
}

/// A line being read.
struct Reader<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    /// Commas are white space.
    fn skip_space(&mut self) {
        let rest = self.rest();
        self.at = self.line.len() - rest.trim_start_matches([' ', '\t', ',']).len();
    }

    fn takes(&mut self, word: char) -> bool {
        self.skip_space();
        let is_next = self.rest().starts_with(word);
        self.at += if is_next { word.len_utf8() } else { 0 };
        is_next
    }

    /// A word up to white space or the end of the map.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let word = &rest[..rest.find([' ', '\t', ',', '}', '"']).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn value(&mut self) -> Result<Value<'a>, String> {
        if self.takes('"') {
            return self.text().map(Value::Text);
        }
        if self.takes(':') {
            return Ok(Value::Keyword(self.word()));
        }
        let from = self.at;
        let word = self.word();
        if word == "nil" {
            return Ok(Value::Nil);
        }
        word.parse().map(Value::Number).map_err(|_| {
            self.at = from;
            "a value is nil, a number, a :keyword or a \"text\"".to_owned()
        })
    }

    fn text(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut letters = self.rest().char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                '"' => {
                    self.at += at + 1;
                    return Ok(text);
                }
                '\\' => match letters.next() {
                    Some((_, 'n')) => text.push('\n'),
                    Some((_, 't')) => text.push('\t'),
                    Some((_, 'r')) => text.push('\r'),
                    Some((_, escaped @ ('"' | '\\'))) => text.push(escaped),
                    Some(_) | None => {
                        self.at += at;
                        return Err(r#"after \ stands one of n t r " \"#.to_owned());
                    }
                },
                letter => text.push(letter),
            }
        }
        Err("the text does not end in this line".to_owned())
    }

    fn line(&mut self) -> Result<Line<'a>, String> {
        if !self.takes('{') {
            return Err(
                "each line is a map, as in `{:process 0, :type :invoke, :f :get, :key \"x\", :value nil}`"
                    .to_owned(),
            );
        }
        let mut line = Line::default();
        while !self.takes('}') {
            if !self.takes(':') {
                return Err("a map has keys like :process, and ends with }".to_owned());
            }
            let from = self.at;
            let key = self.word();
            let value = self.value()?;
            line.set(key, value).inspect_err(|_| self.at = from)?;
        }
        self.skip_space();
        if self.rest().is_empty() {
            Ok(line)
        } else {
            Err("nothing comes after the map in a line".to_owned())
        }
    }
}

/// What a line says.
#[derive(Debug, Default)]
struct Line<'a> {
    process: Option<u64>,
    kind: Option<&'a str>,
    function: Option<&'a str>,
    key: Option<String>,
    value: Option<Value<'a>>,
}

impl<'a> Line<'a> {
    fn set(&mut self, key: &str, value: Value<'a>) -> Result<(), String> {
        let was_there = match (key, value) {
            ("process", Value::Number(process)) => self.process.replace(process).is_some(),
            ("type", Value::Keyword(kind)) => self.kind.replace(kind).is_some(),
            ("f", Value::Keyword(function)) => self.function.replace(function).is_some(),
            ("key", Value::Text(key)) => self.key.replace(key).is_some(),
            ("value", value @ (Value::Nil | Value::Text(_))) => self.value.replace(value).is_some(),
            (key, _) => {
                return Err(format!(
                    "`:{}` does not fit: there are a number as :process, a :type, an :f, a \"text\" as :key, and a \"text\" or nil as :value",
                    quoted(key)
                ));
            }
        };
        if was_there {
            Err(format!(":{key} stands there twice"))
        } else {
            Ok(())
        }
    }

    /// The process, the function, and what happens.
    fn event(self) -> Result<(u64, &'static str, Event), String> {
        let lacks = |name: &str| format!("the map has no :{name}");
        let process = self.process.ok_or_else(|| lacks("process"))?;
        let kind = self.kind.ok_or_else(|| lacks("type"))?;
        let key = self.key.ok_or_else(|| lacks("key"))?;
        let function = match self.function.ok_or_else(|| lacks("f"))? {
            "get" => "get",
            "put" => "put",
            "append" => "append",
            other => {
                return Err(format!(
                    "`:{}` is no function; there are :get, :put and :append",
                    quoted(other)
                ));
            }
        };
        let value = match self.value {
            Some(Value::Text(text)) => Some(text),
            Some(Value::Nil | Value::Number(_) | Value::Keyword(_)) | None => None,
        };
        let text =
            |value: Option<String>| value.ok_or_else(|| format!("a :{function} has a \"text\" as :value"));
        let event = match kind {
            "invoke" => {
                let action = match function {
                    "get" => Action::Get,
                    "put" => Action::Set(text(value)?),
                    _append => Action::Append(text(value)?),
                };
                Event::Invoke(key, action)
            }
            "ok" => {
                let value = if function == "get" {
                    Some(text(value)?)
                } else {
                    None
                };
                Event::Ok(Ended { function, key, value })
            }
            "fail" => Event::Fail(Ended { function, key, value }),
            "info" => Event::Info(Ended { function, key, value }),
            other => {
                return Err(format!(
                    "`:{}` is no type; there are :invoke, :ok, :fail and :info",
                    quoted(other)
                ));
            }
        };
        Ok((process, function, event))
    }
}

pub(super) fn read(text: &str) -> Result<History, ReadError> {
    let mut events = Events::reading(Some(""));
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let mut reader = Reader {
            line: line.trim_start_matches('\u{feff}'),
            at: 0,
        };
        let event = reader.line().and_then(Line::event);
        let taken =
            event.and_then(|(process, function, event)| events.take(number, process, function, event));
        taken.map_err(|problem| ReadError::At {
            line: usize::try_from(number).unwrap_or(usize::MAX),
            column: reader.line[..reader.at].chars().count() + 1,
            problem,
        })?;
    }
    Ok(events.finish())
}
