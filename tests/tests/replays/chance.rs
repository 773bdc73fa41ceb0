//! Values by chance, the remarkable ones more often than they come.

use std::collections::{BTreeMap, BTreeSet};

use retry_tests::Random;

/// Values from a seed.
pub(super) struct Chance(Random);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(Random::seeded(seed))
    }

    pub(super) fn u64(&mut self) -> u64 {
        self.0.bits()
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0.below(end)
    }

    pub(super) fn yes(&mut self) -> bool {
        self.below(2) == 0
    }

    pub(super) fn one_of<T: Clone>(&mut self, values: &[T]) -> T {
        let at = self.below(values.len() as u64);
        values[usize::try_from(at).unwrap()].clone()
    }

    /// An integer, often at an edge of what 32 and 64 bits hold.
    pub(super) fn i128(&mut self) -> i128 {
        let edges = [
            0,
            i128::from(i32::MAX),
            i128::from(i64::MAX),
            i128::from(u64::MAX),
            i128::MAX,
            10_i128.pow(18),
        ];
        let near = i128::from(self.below(4));
        match self.below(4) {
            0 => self.one_of(&edges).wrapping_add(near),
            1 => (-self.one_of(&edges)).wrapping_sub(near),
            2 => i128::from(self.u64()),
            _ => near,
        }
    }

    pub(super) fn i64(&mut self) -> i64 {
        self.i128() as i64
    }

    pub(super) fn f64(&mut self) -> f64 {
        let edges = [
            0.0,
            -0.0,
            0.1 + 0.2,
            1e16,
            5e-324,
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            f64::from_bits(0xfff8_0000_dead_beef),
            9_007_199_254_740_993.0,
        ];
        match self.below(3) {
            0 => self.one_of(&edges),
            1 => self.below(1000) as f64 / 8.0,
            _ => f64::from_bits(self.u64()),
        }
    }

    pub(super) fn finite(&mut self) -> f64 {
        let value = self.f64();
        if value.is_finite() { value } else { 1.5 }
    }

    pub(super) fn f32(&mut self) -> f32 {
        let edges = [
            0.0,
            -0.0,
            0.1,
            f32::MAX,
            f32::MIN_POSITIVE,
            1e-45,
            // By way of an f64 it becomes another.
            7.038_531e-26,
            f32::INFINITY,
            f32::NAN,
            f32::from_bits(0xffc0_beef),
        ];
        match self.below(3) {
            0 | 1 => self.one_of(&edges),
            // No signalling NaN: a register may quieten it.
            _ => f32::from_bits(self.u64() as u32 & 0xff7f_ffff),
        }
    }

    pub(super) fn char(&mut self) -> char {
        self.one_of(&[
            'a',
            '1',
            '"',
            '\\',
            '\0',
            '~',
            'ß',
            '\u{301}',
            '\u{1f600}',
            '\u{2028}',
        ])
    }

    pub(super) fn text(&mut self) -> String {
        let texts = [
            "",
            "null",
            "~",
            "Some(null)",
            "1",
            "true",
            "1.5",
            "f64(7ff8000000000000)",
            "$serde_json::private::Number",
            "\u{7f}\u{ffff}",
        ];
        if self.yes() {
            return self.one_of(&texts).to_owned();
        }
        (0..self.below(5)).map(|_| self.char()).collect()
    }

    /// Up to three values.
    pub(super) fn list<T>(&mut self, mut value: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.below(4)).map(|_| value(self)).collect()
    }

    pub(super) fn set<T: Ord>(&mut self, value: impl FnMut(&mut Self) -> T) -> BTreeSet<T> {
        self.list(value).into_iter().collect()
    }

    pub(super) fn map<K: Ord, V>(
        &mut self,
        mut key: impl FnMut(&mut Self) -> K,
        mut value: impl FnMut(&mut Self) -> V,
    ) -> BTreeMap<K, V> {
        let entries = self.list(|chance| (key(chance), value(chance)));
        entries.into_iter().collect()
    }

    pub(super) fn maybe<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.yes() { Some(value(self)) } else { None }
    }
}
