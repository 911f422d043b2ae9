package dev.fanfare.server;

import dev.fanfare.server.access.AccessComponent;
import dev.fanfare.server.access.Keys;
import dev.fanfare.server.access.http.HttpAccess;
import dev.fanfare.server.batch.BatchComponent;
import dev.fanfare.server.batch.CountEndedRuns;
import dev.fanfare.server.batch.http.BatchRoutes;
import dev.fanfare.server.batch.http.StreamedBatchRoutes;
import dev.fanfare.server.component.Component;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.component.Sweep;
import dev.fanfare.server.control.ControlComponent;
import dev.fanfare.server.control.http.CancelRoutes;
import dev.fanfare.server.control.http.ControlRoutes;
import dev.fanfare.server.http.Route;
import dev.fanfare.server.lease.LeaseComponent;
import dev.fanfare.server.packet.PacketComponent;
import dev.fanfare.server.packet.http.PacketRoutes;
import dev.fanfare.server.packet.http.PacketUrlRoutes;
import dev.fanfare.server.packet.http.PacketUrls;
import dev.fanfare.server.queue.QueueComponent;
import dev.fanfare.server.run.RunComponent;
import dev.fanfare.server.run.http.RunRoutes;
import dev.fanfare.server.storage.StorageComponent;
import dev.fanfare.server.trigger.TriggerComponent;
import dev.fanfare.server.trigger.http.CheckParents;
import dev.fanfare.server.trigger.http.TriggerRoutes;
import dev.fanfare.server.worker.Sessions;
import dev.fanfare.server.worker.http.WorkerRoutes;
import java.util.List;

/**
 * The components of a server. First those that work on the database, lower layers first; then their
 * HTTP edges.
 */
final class Components {
  final QueueComponent queue;
  final AccessComponent access;
  final PacketComponent packet;
  final RunComponent run;
  final TriggerComponent trigger;
  final LeaseComponent lease;
  final ControlComponent control;
  final BatchComponent batch;
  final Sessions sessions;
  final StorageComponent storage;

  private final Resources resources;

  Components(Resources resources) {
    this.resources = resources;
    queue = new QueueComponent(resources);
    access = new AccessComponent(resources);
    packet = new PacketComponent(resources);
    run = new RunComponent(resources, new CountEndedRuns());
    lease = new LeaseComponent(resources, run);
    trigger = new TriggerComponent(resources, run, lease.waitingPolls());
    control = new ControlComponent(resources);
    batch = new BatchComponent(resources, trigger);
    sessions = new Sessions(resources, lease);
    storage = new StorageComponent(resources);
  }

  /** The sweeps of all components. {@code control} and {@code sessions} have none. */
  List<Sweep> sweeps() {
    return List.<Component>of(queue, access, packet, run, trigger, lease, batch, storage).stream()
        .flatMap(component -> component.sweeps().stream())
        .toList();
  }

  /** The routes of all components. */
  List<Route> routes(Keys keys, byte[] encryptionKey) {
    HttpAccess callers = new HttpAccess(resources, keys);
    PacketUrls urls = new PacketUrls(resources, encryptionKey);
    CheckParents parents = new CheckParents(run.readRuns());
    List<Component> edges =
        List.of(
            callers,
            new TriggerRoutes(resources, callers, trigger, parents),
            new BatchRoutes(resources, callers, batch, parents),
            new StreamedBatchRoutes(resources, callers, batch, parents),
            new RunRoutes(resources, callers, run, urls),
            new ControlRoutes(resources, callers, run, trigger, control, packet.packets(), urls),
            new CancelRoutes(callers, run, lease),
            new PacketUrlRoutes(callers, urls),
            new PacketRoutes(resources, urls, packet.packets()),
            new WorkerRoutes(resources, callers, sessions));
    return edges.stream().flatMap(edge -> edge.routes().stream()).toList();
  }
}
