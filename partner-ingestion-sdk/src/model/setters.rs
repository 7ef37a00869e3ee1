//! Chained setters of the types that request bodies hold.

/// A field of the type `T` gets a setter for one value, a field of the type `[T]` a setter for anything that can be iterated.
/// Earlier names of the field follow after the name of the setter: the setter removes them, so that the object holds one value.
macro_rules! setters {
    (struct $type:ident { $($setters:tt)* }) => {
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
    (@each #[setter($setter:ident $(; $($older:literal),*)?)] $(#[$mark:meta])* $field:ident: [$item:ty], $($rest:tt)*) => {
        #[doc = concat!("Sets `", stringify!($field), "`. No items give an empty list, which is sent.")]
        $(#[$mark])*
        #[must_use]
        pub fn $setter<I>(mut self, items: I) -> Self
        where
            I: IntoIterator,
            I::Item: Into<$item>,
        {
            self.$field = Some(items.into_iter().map(Into::into).collect());
            $($(self.extra.remove($older);)*)?
            self
        }
        $crate::model::setters::setters!(@each $($rest)*);
    };
    (@each #[setter($setter:ident $(; $($older:literal),*)?)] $(#[$mark:meta])* $field:ident: $value:ty, $($rest:tt)*) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        $(#[$mark])*
        #[must_use]
        pub fn $setter(mut self, value: impl Into<$value>) -> Self {
            self.$field = Some(value.into());
            $($(self.extra.remove($older);)*)?
            self
        }
        $crate::model::setters::setters!(@each $($rest)*);
    };
}

pub(crate) use setters;
