//! JSON from another program: read whole, or refused for a reason that repeats nothing of it. How deep and how much it
//! may be is known while it is read.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use pizauth_common::secret::Secret;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Deserializer;

/// The outermost object is the first level.
const DEEPEST: u8 = 16;
/// So many values it may have, those in others included: an MSAL cache has ten for each of its tokens.
const MOST_VALUES: usize = 16 * 1024;

/// What matters of a value.
#[derive(Debug)]
pub(super) enum Value {
    Text(Secret),
    List(Vec<Value>),
    Object(Object),
    /// A number, a truth value, null.
    Other,
}

/// The members of an object.
#[derive(Debug)]
pub(super) struct Object(BTreeMap<String, Value>);

impl Object {
    /// Reads the one object that `text` is.
    ///
    /// # Errors
    /// What is wrong, and where, without a word of the text.
    pub(super) fn read(text: &str) -> serde_json::Result<Self> {
        let budget = Cell::new(MOST_VALUES);
        let mut deserializer = Deserializer::from_str(text);
        let value = Level { left: DEEPEST, budget: &budget }.deserialize(&mut deserializer);
        match value.and_then(|value| deserializer.end().map(|()| value))? {
            Value::Object(object) => Ok(object),
            _ => Err(Error::custom("it is no object")),
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The text of this member, if it has one that is not empty.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.secret(key).map(Secret::expose)
    }

    pub(super) fn secret(&self, key: &str) -> Option<&Secret> {
        match self.get(key)? {
            Value::Text(text) if !text.expose().is_empty() => Some(text),
            _ => None,
        }
    }

    pub(super) fn object(&self, key: &str) -> Option<&Object> {
        self.get(key)?.as_object()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.0.values()
    }
}

impl Value {
    pub(super) fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// Where in the nesting a value stands, and how many more there may be in all.
#[derive(Clone, Copy)]
struct Level<'a> {
    left: u8,
    budget: &'a Cell<usize>,
}

impl Level<'_> {
    fn inner<E: Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left, ..self }),
            None => Err(E::custom(format_args!("nested deeper than {DEEPEST} levels"))),
        }
    }

    fn spend<E: Error>(self) -> Result<(), E> {
        match self.budget.get().checked_sub(1) {
            Some(left) => {
                self.budget.set(left);
                Ok(())
            }
            None => Err(E::custom(format_args!("more than {MOST_VALUES} values"))),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.spend()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(Secret::from(text)))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(Secret::new(text)))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = BTreeMap::new();
        while let Some(key) = members.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom("a key stands twice"));
            }
            object.insert(key, members.next_value_seed(inner)?);
        }
        Ok(Value::Object(Object(object)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> String {
        format!("{}{}{}", "{\"a\":".repeat(levels - 1), "{}", "}".repeat(levels - 1))
    }

    fn error(text: &str) -> String {
        Object::read(text).unwrap_err().to_string()
    }

    #[test]
    fn the_outermost_object_is_the_first_of_sixteen_levels() {
        assert!(Object::read(&nested(16)).is_ok());
        assert!(error(&nested(17)).starts_with("nested deeper than 16 levels"));
        assert!(Object::read(&format!("{{\"a\":{}1{}}}", "[".repeat(15), "]".repeat(15))).is_ok());
        assert!(Object::read(&format!("{{\"a\":{}1{}}}", "[".repeat(16), "]".repeat(16))).is_err());
    }

    #[test]
    fn values_are_counted_wherever_they_stand() {
        let list = |count: usize| format!("{{\"a\":[{}0]}}", "0,".repeat(count - 1));
        assert!(Object::read(&list(MOST_VALUES - 2)).is_ok());
        assert!(error(&list(MOST_VALUES - 1)).starts_with("more than 16384 values"));
    }

    #[test]
    fn what_stands_twice_is_not_chosen_from() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"x":[{"secret":1,"secret":2}]}"#, r#"{"a":1,"\u0061":2}"#] {
            let error = error(text);
            assert!(error.starts_with("a key stands twice at line 1"), "{error}");
        }
        assert!(Object::read(r#"{"a":{"b":1},"b":{"b":1}}"#).is_ok());
    }

    #[test]
    fn no_error_repeats_the_text() {
        for text in
            ["{\"hunter2\"", "{\"a\":hunter2}", "{\"a\":\"hunter2}", "{} hunter2", "{\"a\":1e999}", "[]"]
        {
            let error = error(text);
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
