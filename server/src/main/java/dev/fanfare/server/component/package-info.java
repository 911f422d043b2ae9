/**
 * What a server is assembled from. A {@link dev.fanfare.server.component.Component} brings routes
 * and sweeps; {@link dev.fanfare.server.component.SweepLoop} runs the sweeps: maintenance in
 * bounded steps, called again and again. Open {@link dev.fanfare.server.component.Sweep} first. It
 * owns no table and knows no room.
 */
@NullMarked
package dev.fanfare.server.component;

import org.jspecify.annotations.NullMarked;
