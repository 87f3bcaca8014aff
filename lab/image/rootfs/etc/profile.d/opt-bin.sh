# As on Container Linux.
export PATH="$PATH:/opt/bin"
