//! Chained setters of the types in request bodies.

/// A field of the type `T` gets a setter for one value, a field of the type `[T]` a setter for anything that can be iterated, and
/// each a method that clears it. Earlier names of the field follow after the names of the methods: both remove them, so that the
/// object holds one value.
macro_rules! setters {
    (struct $type:ident { $($setters:tt)* }) => {
        impl $type {
            $crate::model::setters::setters!(@each $($setters)*);
        }

        $crate::model::setters::body!($type);
    };
    (@each) => {};
    (@each #[setter($setter:ident, $clear:ident $(; $($alias:literal),*)?)] $(#[$mark:meta])* $field:ident: [$item:ty], $($rest:tt)*) => {
        #[doc = concat!("Sets `", stringify!($field), "`. An empty iterator sets an empty list, which is sent.")]
        $(#[$mark])*
        #[must_use]
        pub fn $setter<I>(mut self, items: I) -> Self
        where
            I: IntoIterator,
            I::Item: Into<$item>,
        {
            self.$field = Some(items.into_iter().map(Into::into).collect());
            $($(self.extra.remove($alias);)*)?
            self
        }
        $crate::model::setters::setters!(@clear $clear $field $($($alias)*)? => $(#[$mark])*);
        $crate::model::setters::setters!(@each $($rest)*);
    };
    (@each #[setter($setter:ident, $clear:ident $(; $($alias:literal),*)?)] $(#[$mark:meta])* $field:ident: Decimal, $($rest:tt)*) => {
        #[doc = concat!("Sets `", stringify!($field), "` to a `Decimal` or an integer.")]
        $(#[$mark])*
        #[must_use]
        pub fn $setter(mut self, value: impl $crate::types::IntoDecimal) -> Self {
            self.$field = Some($crate::model::value::Convert::into_decimal(value));
            $($(self.extra.remove($alias);)*)?
            self
        }
        $crate::model::setters::setters!(@clear $clear $field $($($alias)*)? => $(#[$mark])*);
        $crate::model::setters::setters!(@each $($rest)*);
    };
    (@each #[setter($setter:ident, $clear:ident $(; $($alias:literal),*)?)] $(#[$mark:meta])* $field:ident: $value:ty, $($rest:tt)*) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        $(#[$mark])*
        #[must_use]
        pub fn $setter(mut self, value: impl Into<$value>) -> Self {
            self.$field = Some(value.into());
            $($(self.extra.remove($alias);)*)?
            self
        }
        $crate::model::setters::setters!(@clear $clear $field $($($alias)*)? => $(#[$mark])*);
        $crate::model::setters::setters!(@each $($rest)*);
    };
    (@clear $clear:ident $field:ident $($alias:literal)* => $(#[$mark:meta])*) => {
        #[doc = concat!("Clears `", stringify!($field), "`: it is not sent. A PUT without it removes it.")]
        $(#[$mark])*
        #[must_use]
        pub fn $clear(mut self) -> Self {
            self.$field = None;
            $(self.extra.remove($alias);)*
            self
        }
    };
}

/// Setters of the fields that members of a union share: the names of the method and of the property, and the members with the field.
macro_rules! union_setters {
    (struct $type:ident { $($setters:tt)* }) => {
        impl $type {
            $crate::model::setters::union_setters!(@each $($setters)*);
        }
    };
    (@each) => {};
    (@each #[setter($setter:ident, $wire:literal; $($have:ident),*)] $(#[$mark:meta])* $field:ident: [$item:ty], $($rest:tt)*) => {
        #[doc = concat!("Sets `", stringify!($field), "` of the member. A member without this field sends it as an additional one.")]
        $(#[$mark])*
        #[must_use]
        pub fn $setter<I>(self, items: I) -> Self
        where
            I: IntoIterator,
            I::Item: Into<$item>,
        {
            match self {
                $(Self::$have(member) => Self::$have(member.$setter(items)),)*
                other => other.with($wire, items.into_iter().map(Into::<$item>::into).collect::<Vec<_>>()),
            }
        }
        $crate::model::setters::union_setters!(@each $($rest)*);
    };
    (@each #[setter($setter:ident, $wire:literal; $($have:ident),*)] $(#[$mark:meta])* $field:ident: $value:ty, $($rest:tt)*) => {
        #[doc = concat!("Sets `", stringify!($field), "` of the member. A member without this field sends it as an additional one.")]
        $(#[$mark])*
        #[must_use]
        pub fn $setter(self, value: impl Into<$value>) -> Self {
            match self {
                $(Self::$have(member) => Self::$have(member.$setter(value)),)*
                other => other.with($wire, value.into()),
            }
        }
        $crate::model::setters::union_setters!(@each $($rest)*);
    };
}

/// A body can be passed by reference, and so can a response that holds it.
macro_rules! body {
    ($type:ident) => {
        impl From<&$type> for $type {
            #[inline]
            fn from(value: &$type) -> Self {
                value.clone()
            }
        }

        #[cfg(feature = "client")]
        impl From<&$crate::Response<$type>> for $type {
            #[inline]
            fn from(response: &$crate::Response<$type>) -> Self {
                (**response).clone()
            }
        }

        #[cfg(feature = "client")]
        impl From<$crate::Response<$type>> for $type {
            #[inline]
            fn from(response: $crate::Response<$type>) -> Self {
                response.into_inner()
            }
        }
    };
}

pub(crate) use {body, setters, union_setters};
