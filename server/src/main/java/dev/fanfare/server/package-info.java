/** Wires the rooms into a server. */
@NullMarked
package dev.fanfare.server;

import org.jspecify.annotations.NullMarked;
