//! Notebook 22: a timer: hello after a second.

mod story;

use std::error::Error;

use lockwright::prelude::*;
use story::seconds;

fn main() -> Result<(), Box<dyn Error>> {
    let timer = Timer::after(seconds(1.0), || println!("hello, world"));
    timer.start()?;
    println!("The timer has been started");
    timer.join()?;
    Ok(())
}
