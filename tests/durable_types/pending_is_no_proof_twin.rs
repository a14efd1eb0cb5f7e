//! One that has been synced, and completed at its driver, does.

use raft_play::consensus::durable::{Driver, Held, Pending, Store};

fn in_time<S: Store>(held: Held<u8>, driver: &mut Driver<S>, pending: Pending<S>) {
    if let Ok(Some(proof)) = driver.complete(pending.sync()) {
        let _ = held.release(&proof);
    }
}

fn main() {
    let _ = in_time::<never::Never>;
}

mod never {
    use raft_play::consensus::durable::{Store, Write};

    pub struct Never;

    impl Store for Never {
        type Sync = ();
        type Synced = ();
        type Error = std::io::Error;

        fn begin(&mut self, _: &Write) -> Result<(), Self::Error> {
            Ok(())
        }

        fn sync((): ()) -> Result<(), Self::Error> {
            Ok(())
        }

        fn settle(&mut self, (): ()) {}
    }
}
