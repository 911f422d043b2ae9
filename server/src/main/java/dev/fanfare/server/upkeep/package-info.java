/**
 * Work that nobody asks for: bounded steps, called again and again. Open {@link
 * dev.fanfare.server.upkeep.Sweep} first. It knows no room; the rooms bring their sweeps.
 */
@NullMarked
package dev.fanfare.server.upkeep;

import org.jspecify.annotations.NullMarked;
