//! Structs of latents, written and read by `serde`.
//!
//! The macro emits a struct for the latents of each level into the user's crate, which need not know of `serde`, and hands its
//! fields to a macro of this crate, which is empty without the feature.

use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A struct of latents that is read field by field.
pub trait ReadFields: Default {
    /// The name of the struct.
    const NAME: &'static str;
    /// The names of its fields.
    const FIELDS: &'static [&'static str];

    /// Reads the field of that number.
    fn read<'de, S: Values<'de>>(&mut self, number: usize, from: &mut S) -> Result<(), S::Error>;
}

/// What hands out values, one after another.
pub trait Values<'de> {
    /// Why there is none.
    type Error;

    /// The next value.
    fn next<T: DeserializeOwned>(&mut self) -> Result<T, Self::Error>;
}

/// Reads a struct of latents, from a map with the names of its fields or from a sequence of their values.
///
/// # Errors
/// Those of the deserializer; a field that is missing, or there twice.
pub fn read_latents<'de, T: ReadFields, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_struct(T::NAME, T::FIELDS, Fields(PhantomData))
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: ReadFields> Visitor<'de> for Fields<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "struct {}", T::NAME)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
        let (mut read, mut from) = (T::default(), InOrder { seq, taken: 0 });
        (0..T::FIELDS.len()).try_for_each(|number| read.read(number, &mut from))?;
        Ok(read)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let (mut read, mut from) = (T::default(), ByName(map));
        let mut has_read = vec![false; T::FIELDS.len()];
        while let Some(name) = from.0.next_key::<String>()? {
            match T::FIELDS.iter().position(|field| *field == name) {
                None => _ = from.0.next_value::<IgnoredAny>()?,
                Some(number) if has_read[number] => return Err(A::Error::duplicate_field(T::FIELDS[number])),
                Some(number) => {
                    read.read(number, &mut from)?;
                    has_read[number] = true;
                }
            }
        }
        match has_read.iter().position(|has_read| !has_read) {
            Some(number) => Err(A::Error::missing_field(T::FIELDS[number])),
            None => Ok(read),
        }
    }
}

struct InOrder<A> {
    seq: A,
    taken: usize,
}

impl<'de, A: SeqAccess<'de>> Values<'de> for InOrder<A> {
    type Error = A::Error;

    fn next<T: DeserializeOwned>(&mut self) -> Result<T, A::Error> {
        let value = self.seq.next_element()?.ok_or_else(|| A::Error::invalid_length(self.taken, &"more fields"))?;
        self.taken += 1;
        Ok(value)
    }
}

struct ByName<A>(A);

impl<'de, A: MapAccess<'de>> Values<'de> for ByName<A> {
    type Error = A::Error;

    fn next<T: DeserializeOwned>(&mut self) -> Result<T, A::Error> {
        self.0.next_value()
    }
}

/// `Serialize` and `Deserialize` of a struct of latents.
#[doc(hidden)]
#[macro_export]
macro_rules! __serde_of_latents {
    ($(#[$attribute:meta])* $name:ident { $($field:ident as $text:literal),* }) => {
        $(#[$attribute])*
        const _: () = {
            use $crate::__private::serde;
            use $crate::__private::{ReadFields, Values};

            impl<R: serde::Serialize> serde::Serialize for $name<R> {
                fn serialize<S: serde::Serializer>(&self, to: S) -> ::core::result::Result<S::Ok, S::Error> {
                    use serde::ser::SerializeStruct;
                    let mut fields = to.serialize_struct(stringify!($name), [$($text),*].len())?;
                    $(fields.serialize_field($text, &self.$field)?;)*
                    fields.end()
                }
            }

            impl<R> ReadFields for $name<R>
            where
                R: serde::de::DeserializeOwned + ::core::default::Default,
            {
                const NAME: &'static str = stringify!($name);
                const FIELDS: &'static [&'static str] = &[$($text),*];

                fn read<'de, S: Values<'de>>(
                    &mut self,
                    number: usize,
                    from: &mut S,
                ) -> ::core::result::Result<(), S::Error> {
                    let name = Self::FIELDS[number];
                    $(if name == $text {
                        self.$field = from.next()?;
                    })*
                    Ok(())
                }
            }

            impl<'de, R> serde::Deserialize<'de> for $name<R>
            where
                R: serde::de::DeserializeOwned + ::core::default::Default,
            {
                fn deserialize<D: serde::Deserializer<'de>>(from: D) -> ::core::result::Result<Self, D::Error> {
                    $crate::__private::read_latents(from)
                }
            }
        };
    };
}
