use crate::bottleneck::classify::{Class, Classification, ErrorCause};
use crate::bottleneck::reading::Quantity;

/// Says what to look at next, by the heaviest evidence.
pub(super) fn after(classification: &Classification) -> String {
    let Some(class) = classification.class else {
        return "nothing stands out: widen the window, or add series for this stage".to_owned();
    };
    let heaviest = classification.of(class).next().map(|e| &e.change);
    let quantity = heaviest.map(|change| change.quantity);
    let failed = heaviest.and_then(|change| ErrorCause::of(change.tag.as_deref()?));
    let quantity = match failed {
        Some(ErrorCause::RateLimit) => Some(Quantity::RateLimitRate),
        Some(ErrorCause::Connection) => Some(Quantity::PoolUse),
        Some(ErrorCause::Space) => Some(Quantity::FreeShare),
        Some(ErrorCause::Timeout) | None => quantity,
    };
    let text = match (class, quantity) {
        (_, Some(Quantity::GarbageCollection | Quantity::MemoryUse)) => {
            "take a heap histogram, and compare allocation and heap limits with the last release"
        }
        (_, Some(Quantity::Throttling)) => {
            "compare the CPU limit with what it uses, and see who else runs on the node"
        }
        (_, Some(Quantity::Skew)) => "look for the hot key of the fullest partition",
        (_, Some(Quantity::FreeShare)) => {
            "see what grew on the volume: logs, snapshots, replication slots"
        }
        (_, Some(Quantity::PoolUse | Quantity::PoolWaiting)) => {
            "look for long transactions and leaked connections that hold the pool"
        }
        (_, Some(Quantity::RateLimitRate)) => "ask for the limit, and who else draws on it",
        (_, Some(Quantity::Up)) => "see why it went down: last logs, restarts, the node",
        (_, Some(Quantity::ClientLatency)) => {
            "check the network to it: delay, loss, DNS, proxies, connection set-up"
        }
        (_, Some(Quantity::ErrorRate | Quantity::ErrorShare)) => {
            "read the errors of that type in its log"
        }
        (Class::Upstream, _) => "check the source: its status, its answers, the network to it",
        (Class::Compute, _) => "profile it, and compare with the last release or configuration",
        (Class::Downstream, _) => {
            "look at the stage that it hands over to: its waits, locks and limits"
        }
        (Class::Load, _) => {
            "see where the items come from (campaign, retries, replay), and add capacity"
        }
    };
    text.to_owned()
}
