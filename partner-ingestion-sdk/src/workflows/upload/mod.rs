//! Files of an offer: create the resource, upload the file, mark it as uploaded, wait until it is processed.

mod blob;
mod file;
mod package;
mod progress;
mod resource;
mod source;
mod target;

pub use blob::BlobUpload;
pub use file::FileUpload;
pub use progress::Progress;
pub use resource::FileResource;
pub use source::FileSource;
