//! Chained setters of the types in request bodies.

/// Declares setters. `name: field = Type` sets an optional field, `name: field = [Type]` sets a list from an iterator. Earlier names
/// of the field follow after a semicolon. The setter removes their values, so that the object does not contain both.
macro_rules! setters {
    ($type:ident { $($setters:tt)* }) => {
        impl $type {
            $crate::model::setters::setters!(@each $($setters)*);
        }

        impl From<&$type> for $type {
            #[inline]
            fn from(value: &$type) -> Self {
                value.clone()
            }
        }
    };
    (@each) => {};
    (@each $(#[$mark:meta])* $setter:ident: $field:ident = [$item:ty] $(; [$($alias:literal),*])?, $($rest:tt)*) => {
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
        $crate::model::setters::setters!(@each $($rest)*);
    };
    (@each $(#[$mark:meta])* $setter:ident: $field:ident = $value:ty $(; [$($alias:literal),*])?, $($rest:tt)*) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        $(#[$mark])*
        #[must_use]
        pub fn $setter(mut self, value: impl Into<$value>) -> Self {
            self.$field = Some(value.into());
            $($(self.extra.remove($alias);)*)?
            self
        }
        $crate::model::setters::setters!(@each $($rest)*);
    };
}

pub(crate) use setters;
