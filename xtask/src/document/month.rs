//! The month of a confirmation, and how old it is.

use anyhow::{Result, bail};
use serde::Deserialize;
use std::fmt;
use std::str::FromStr;

/// A month, as `2025-04`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Month {
    year: u32,
    month: u32,
}

impl TryFrom<String> for Month {
    type Error = anyhow::Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl FromStr for Month {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2);
        let numbers = parts.and_then(|(year, month)| Some((year.parse().ok()?, month.parse().ok()?)));
        match numbers {
            Some((year, month)) if (1..=12).contains(&month) => Ok(Self { year, month }),
            _ => bail!("{text:?} is no month; write it as `2025-04`"),
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl Month {
    /// Returns the number of months from this one to another.
    pub fn until(self, other: Self) -> u32 {
        (other.year * 12 + other.month).saturating_sub(self.year * 12 + self.month)
    }
}

/// A number of years or months, as `2y` or `18m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age {
    pub months: u32,
}

impl FromStr for Age {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let years = text.strip_suffix('y').map(|number| (number, 12));
        let parts = years.or_else(|| text.strip_suffix('m').map(|number| (number, 1)));
        let months = parts.and_then(|(number, months)| number.parse::<u32>().ok()?.checked_mul(months));
        match months {
            Some(months) => Ok(Self { months }),
            None => bail!("{text:?} is no age; write years as `2y`, months as `18m`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_ages() {
        let month = |text: &str| text.parse::<Month>().unwrap();
        assert_eq!(month("2023-06").until(month("2025-04")), 22);
        assert_eq!(month("2025-04").until(month("2023-06")), 0);
        assert_eq!(month("2025-04").to_string(), "2025-04");
        for wrong in ["2025", "2025-13", "2025-00", "2025-4", "25-04", "2025-04-01", ""] {
            assert!(wrong.parse::<Month>().unwrap_err().to_string().contains("write it as `2025-04`"), "{wrong}");
        }
        assert_eq!("2y".parse::<Age>().unwrap(), Age { months: 24 });
        assert_eq!("18m".parse::<Age>().unwrap(), Age { months: 18 });
        for wrong in ["2", "y", "-1y", "2 years", "4000000000y"] {
            assert!(wrong.parse::<Age>().is_err(), "{wrong}");
        }
    }
}
