//! When groups are evaluated.

use crate::promql::{Steps, Version};

/// Where a group's slots lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase<'a> {
    /// At multiples of the interval since the epoch.
    #[default]
    Zero,
    /// So many µs after them (modulo the interval).
    Offset(i64),
    /// Where Prometheus puts them for a rule file at this path, as it sees the path itself.
    File(&'a str),
    /// At one of so many equal parts of each group's own interval. Which of them the `turn` means
    /// follows from the group's name: over all turns each group stands at each part once, and
    /// groups differ in their order, so that they also vary against each other.
    Fraction {
        /// The turn, from 0.
        turn: u32,
        /// How many parts, and turns, there are.
        of: u32,
    },
}

/// What holds for groups that are evaluated at the same instant; Prometheus evaluates them
/// side by side, in an order of their own each time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ties {
    /// A sample of that instant is seen by the rules of other groups, whatever the groups' order.
    #[default]
    ByTimestamp,
    /// Groups are evaluated one after the other in their order, as promtool does.
    InOrder,
}

impl Phase<'_> {
    /// How long after the multiples of its interval a group is evaluated, µs.
    ///
    /// Prometheus takes `hash % interval` in nanoseconds and cuts instants to milliseconds where it
    /// queries and writes.
    pub(super) fn offset(self, group: &str, interval: i64, version: Version) -> i64 {
        match self {
            Phase::Zero => 0,
            Phase::Offset(offset) => offset.rem_euclid(interval),
            Phase::File(path) => {
                let hash = xxhash64(&packed(group, path, version));
                let nanos = interval.unsigned_abs().saturating_mul(1_000).max(1);
                (hash % nanos / 1_000_000 * 1_000).cast_signed()
            }
            Phase::Fraction { turn, of } => {
                let of = of.max(1);
                let part = i128::from(part(group, turn % of, of));
                let offset = i128::from(interval) * part / i128::from(of);
                // Instants are whole milliseconds, as those of `File`; less than the interval.
                (offset as i64) / 1_000 * 1_000
            }
        }
    }
}

/// The part at which a group stands in a turn: the parts, shuffled by hashes of its name.
fn part(group: &str, turn: u32, of: u32) -> u32 {
    let hash = |part: u32| {
        let mut bytes = group.as_bytes().to_vec();
        bytes.push(0xff);
        bytes.extend_from_slice(&part.to_le_bytes());
        (xxhash64(&bytes), part)
    };
    let mut parts: Vec<u32> = (0..of).collect();
    parts.sort_unstable_by_key(|part| hash(*part));
    parts.get(turn as usize).copied().unwrap_or(0)
}

/// The slots of a group in `from..to`: `offset + i * interval`.
///
/// Instants more than 73,000 years from 1970 have none, so that no distance overflows.
pub(super) fn slots(interval: i64, offset: i64, from: i64, to: i64) -> Steps {
    const FARTHEST: i64 = i64::MAX / 4;
    let (from, to) = (from.max(-FARTHEST), to.min(FARTHEST));
    let before = from.saturating_sub(1).saturating_sub(offset);
    let start = (before.div_euclid(interval).saturating_add(1))
        .saturating_mul(interval)
        .saturating_add(offset);
    Steps::range(start, to.max(-FARTHEST) - 1, interval)
}

/// The bytes that Prometheus hashes for a group (`rules/group.go`, `hash`; `model/labels`, `Hash`).
///
/// Version 2 ends each name and value by 0xff; version 3 (`labels_stringlabels.go`) begins each
/// with its length.
fn packed(group: &str, path: &str, version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in ["file", path, "name", group] {
        match version {
            Version::V2 => {
                bytes.extend_from_slice(text.as_bytes());
                bytes.push(0xff);
            }
            Version::V3 => {
                match u8::try_from(text.len()) {
                    Ok(len) if len < 0xff => bytes.push(len),
                    _ => {
                        bytes.push(0xff);
                        bytes.extend_from_slice(&text.len().to_le_bytes()[..3]);
                    }
                }
                bytes.extend_from_slice(text.as_bytes());
            }
        }
    }
    bytes
}

const PRIME: [u64; 5] = [
    0x9e37_79b1_85eb_ca87,
    0xc2b2_ae3d_27d4_eb4f,
    0x1656_67b1_9e37_79f9,
    0x85eb_ca77_c2b2_ae63,
    0x27d4_eb2f_1656_67c5,
];

/// XXH64 with the seed 0 (the xxHash specification, version 0.1.1).
fn xxhash64(bytes: &[u8]) -> u64 {
    let round = |acc: u64, lane: u64| {
        acc.wrapping_add(lane.wrapping_mul(PRIME[1]))
            .rotate_left(31)
            .wrapping_mul(PRIME[0])
    };
    let (stripes, mut rest) = bytes.as_chunks::<32>();
    let mut hash = if stripes.is_empty() {
        PRIME[4]
    } else {
        let mut acc = [
            PRIME[0].wrapping_add(PRIME[1]),
            PRIME[1],
            0,
            0_u64.wrapping_sub(PRIME[0]),
        ];
        for stripe in stripes {
            for (acc, lane) in acc.iter_mut().zip(stripe.as_chunks::<8>().0) {
                *acc = round(*acc, u64::from_le_bytes(*lane));
            }
        }
        let mut hash = 0_u64;
        for (acc, turn) in acc.iter().zip([1, 7, 12, 18]) {
            hash = hash.wrapping_add(acc.rotate_left(turn));
        }
        for acc in acc {
            hash = (hash ^ round(0, acc))
                .wrapping_mul(PRIME[0])
                .wrapping_add(PRIME[3]);
        }
        hash
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    let (lanes, tail) = rest.as_chunks::<8>();
    for lane in lanes {
        hash = (hash ^ round(0, u64::from_le_bytes(*lane)))
            .rotate_left(27)
            .wrapping_mul(PRIME[0])
            .wrapping_add(PRIME[3]);
    }
    rest = tail;
    if let Some((half, tail)) = rest.split_first_chunk::<4>() {
        hash = (hash ^ u64::from(u32::from_le_bytes(*half)).wrapping_mul(PRIME[0]))
            .rotate_left(23)
            .wrapping_mul(PRIME[1])
            .wrapping_add(PRIME[2]);
        rest = tail;
    }
    for byte in rest {
        hash = (hash ^ u64::from(*byte).wrapping_mul(PRIME[4]))
            .rotate_left(11)
            .wrapping_mul(PRIME[0]);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(PRIME[1]);
    hash = (hash ^ (hash >> 29)).wrapping_mul(PRIME[2]);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_xxh64_does() {
        // Known answers with the seed 0, by the reference command `xxhsum -H1`.
        for (text, hash) in [
            ("", 0xef46_db37_51d8_e999_u64),
            ("a", 0xd24e_c4f1_a98c_6e5b),
            ("abc", 0x44bc_2cf5_ad77_0999),
            (
                "Nobody inspects the spammish repetition",
                0xfbce_a83c_8a37_8bf1,
            ),
        ] {
            assert_eq!(xxhash64(text.as_bytes()), hash, "{text:?}");
        }
    }

    #[test]
    fn slots_lie_in_the_half_open_range() {
        let all = |interval, offset, from, to| {
            slots(interval, offset, from, to).iter().collect::<Vec<_>>()
        };
        assert_eq!(all(60, 0, 0, 180), [0, 60, 120]);
        assert_eq!(all(60, 0, 1, 181), [60, 120, 180]);
        assert_eq!(all(60, 17, 0, 180), [17, 77, 137]);
        assert_eq!(all(60, 17, 17, 18), [17]);
        assert_eq!(all(60, 17, -60, 18), [-43, 17]);
        assert!(all(60, 17, 18, 77).is_empty());
        assert!(all(60, 0, 60, 60).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn slots_are_all_that_lie_in_the_range(
            interval in 1..100_i64, offset in 0..100_i64, from in -300..300_i64, len in 0..300_i64,
        ) {
            let expected: Vec<i64> = (from..from + len)
                .filter(|ts| (ts - offset).rem_euclid(interval) == 0)
                .collect();
            let found: Vec<i64> = slots(interval, offset, from, from + len).iter().collect();
            proptest::prop_assert_eq!(found, expected);
        }

        #[test]
        fn never_panics(
            interval in 1..=i64::MAX, from: i64, to: i64, offset: i64, path in ".{0,300}",
            turn: u32, of in 0..200_u32,
        ) {
            let part = Phase::Fraction { turn, of }.offset(&path, interval, Version::V3);
            proptest::prop_assert!((0..interval).contains(&part));
            let phase = Phase::Offset(offset).offset("g", interval, Version::V3);
            let _ = slots(interval, phase, from, to);
            let _ = slots(interval, phase, i64::MIN, i64::MAX);
            for version in [Version::V2, Version::V3] {
                let phase = Phase::File(&path).offset(&path, interval, version);
                proptest::prop_assert!((0..interval).contains(&phase));
            }
        }
    }

    #[test]
    fn phases_are_those_of_a_real_server() {
        // Prometheus 2.42 with these groups in `rules/example.yml`: timestamps of what they
        // recorded, modulo the interval.
        let phase = Phase::File("rules/example.yml");
        let long = "another group with a long name, so that it takes more than one stripe of the \
                    hash";
        for (group, interval, millis) in [("example", 7, 2_920), (long, 10, 5_712)] {
            let offset = phase.offset(group, interval * 1_000_000, Version::V2);
            assert_eq!(offset, millis * 1_000, "{group}");
        }
    }

    #[test]
    fn over_all_turns_each_group_stands_at_each_part_of_its_own_interval() {
        let of = 6;
        let phases = |group: &str, interval: i64| -> Vec<i64> {
            let turns = 0..of;
            turns
                .map(|turn| Phase::Fraction { turn, of }.offset(group, interval, Version::V3))
                .collect()
        };
        let minute = 60_000_000;
        let (fast, slow) = (phases("fast", minute), phases("slow", 60 * minute));
        for (mut found, interval) in [(fast.clone(), minute), (slow.clone(), 60 * minute)] {
            found.sort_unstable();
            let parts: Vec<i64> = (0..6).map(|part| interval / 6 * part).collect();
            assert_eq!(found, parts);
        }
        // Of two groups with one interval the distance varies too.
        let other = phases("other", minute);
        let mut apart: Vec<i64> = fast
            .iter()
            .zip(&other)
            .map(|(a, b)| (a - b).rem_euclid(minute))
            .collect();
        apart.sort_unstable();
        apart.dedup();
        assert!(apart.len() > 1, "{apart:?}");
        assert_eq!(phases("fast", minute), fast);
        let none = Phase::Fraction { turn: 3, of: 0 };
        assert_eq!(none.offset("g", minute, Version::V3), 0);
    }

    #[test]
    fn a_files_phase_is_its_hash_modulo_the_interval() {
        let minute = 60_000_000;
        let phase = Phase::File("/etc/prometheus/rules.yml");
        for version in [Version::V2, Version::V3] {
            let offset = phase.offset("example", minute, version);
            assert!((0..minute).contains(&offset));
        }
        assert_eq!(
            Phase::Offset(-1).offset("x", minute, Version::V3),
            minute - 1
        );
        assert_eq!(packed("g", "f", Version::V2), b"file\xfff\xffname\xffg\xff");
        assert_eq!(packed("g", "f", Version::V3), b"\x04file\x01f\x04name\x01g");
    }
}
