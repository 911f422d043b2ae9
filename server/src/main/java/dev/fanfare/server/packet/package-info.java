/**
 * Packets: large payloads and outputs that are stored outside their runs, each under a path. Owns
 * {@code packets}, {@code packet_refs} and {@code packet_bytes}; the bytes can be in a folder
 * instead of the last. Open {@link dev.fanfare.server.packet.Packets} first, then {@link
 * dev.fanfare.server.packet.ByteStore}. This package does not depend on runs: higher packages
 * report which packets their runs refer to.
 */
@NullMarked
package dev.fanfare.server.packet;

import org.jspecify.annotations.NullMarked;
