#!/bin/bash
# Writes the addresses of Node_Name, one of the machines whose names begin with Node_Prefix.
mkdir -p /run/metadata
echo "COREOS_CUSTOM_HOSTNAME=Node_Name" >/run/metadata/coreos
docker ps --format '{{.Names}}' || true
