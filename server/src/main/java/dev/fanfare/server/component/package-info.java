/**
 * The parts of a server: a {@link dev.fanfare.server.component.Component} contributes routes and
 * sweeps, and {@link dev.fanfare.server.component.SweepLoop} runs the sweeps. Open {@link
 * dev.fanfare.server.component.Sweep} first. This package owns no table, and depends on no package
 * that contributes a component.
 */
@NullMarked
package dev.fanfare.server.component;

import org.jspecify.annotations.NullMarked;
