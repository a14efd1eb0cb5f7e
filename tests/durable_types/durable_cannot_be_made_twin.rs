//! A driver gives one when its store has synced.

use raft_play::consensus::durable::{Driver, DriverError, Durable, Store, Write};

fn prove<S: Store>(driver: &mut Driver<S>, write: &Write) -> Result<Option<Durable>, DriverError<S::Error>> {
    let pending = driver.begin(write)?;
    driver.complete(pending.sync())
}

struct Null;

impl Store for Null {
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

fn main() {
    let _ = prove::<Null>;
}
