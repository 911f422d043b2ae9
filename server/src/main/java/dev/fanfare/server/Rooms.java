package dev.fanfare.server;

import dev.fanfare.protocol.TimeOrderedIds;
import dev.fanfare.server.batch.AddItems;
import dev.fanfare.server.batch.BatchKeySweep;
import dev.fanfare.server.batch.CountBatches;
import dev.fanfare.server.batch.CreateBatch;
import dev.fanfare.server.batch.ReadBatches;
import dev.fanfare.server.batch.TriggerBatch;
import dev.fanfare.server.batch.UnsealedSweep;
import dev.fanfare.server.config.ServerConfig;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.lease.CancelRun;
import dev.fanfare.server.lease.CancelSweep;
import dev.fanfare.server.lease.ClaimRuns;
import dev.fanfare.server.lease.FailAttempts;
import dev.fanfare.server.lease.HandBack;
import dev.fanfare.server.lease.ReclaimSweep;
import dev.fanfare.server.lease.ReportAttempts;
import dev.fanfare.server.lease.SlotSweep;
import dev.fanfare.server.packet.ByteStore;
import dev.fanfare.server.packet.Packets;
import dev.fanfare.server.run.ChangeRuns;
import dev.fanfare.server.run.CheckParents;
import dev.fanfare.server.run.DueSweep;
import dev.fanfare.server.run.ExpireSweep;
import dev.fanfare.server.run.FinishRuns;
import dev.fanfare.server.run.KeySweep;
import dev.fanfare.server.run.PacketSweep;
import dev.fanfare.server.run.ParkedSweep;
import dev.fanfare.server.run.PlaceRuns;
import dev.fanfare.server.run.ReadRuns;
import dev.fanfare.server.run.TriggerRun;
import dev.fanfare.server.run.TriggerRuns;
import dev.fanfare.server.upkeep.Sweep;
import dev.fanfare.server.worker.SessionSweep;
import dev.fanfare.server.worker.Sessions;
import java.time.InstantSource;
import java.util.List;
import java.util.random.RandomGenerator;

/** The rooms on one database, wired: all of a server but its edge, as its tests have it too. */
final class Rooms {
  final TriggerBatch triggerBatch;
  final CreateBatch createBatch;
  final AddItems addItems;
  final ReadBatches readBatches;
  final TriggerRun triggerRun;
  final ReadRuns readRuns;
  final CheckParents checkParents;
  final ChangeRuns changeRuns;
  final CancelRun cancelRun;
  final Packets packets;
  final Sessions sessions;
  final List<Sweep> sweeps;

  Rooms(
      ServerConfig config,
      Database database,
      Signals signals,
      ByteStore bytes,
      TimeOrderedIds ids,
      InstantSource clock,
      RandomGenerator random) {
    FinishRuns finish = new FinishRuns(new CountBatches());
    PlaceRuns place = new PlaceRuns(database);
    TriggerRuns trigger = new TriggerRuns(ids, finish, config.debounceMaxDelay(), config.ttlMax());
    triggerBatch = new TriggerBatch(database, signals, clock, ids, place, trigger);
    createBatch = new CreateBatch(database, clock, ids);
    addItems = new AddItems(database, signals, clock, place, trigger);
    readBatches = new ReadBatches(database);
    triggerRun = new TriggerRun(database, signals, clock, place, trigger);
    readRuns = new ReadRuns(database);
    checkParents = new CheckParents(database);
    changeRuns = new ChangeRuns(database, clock);
    packets = new Packets(database, bytes, clock);
    cancelRun = new CancelRun(database, signals, finish);
    sessions =
        new Sessions(
            database,
            signals,
            ids,
            new ClaimRuns(database),
            new ReportAttempts(
                database, signals, finish, new FailAttempts(random, config.retryInPlaceMax())),
            new HandBack(finish),
            sessionLimits(config));
    sweeps =
        List.of(
            new DueSweep(database, signals, config.sweepInterval()),
            new ExpireSweep(database, finish, config.sweepInterval()),
            new ReclaimSweep(database, signals, finish, reclaimLimits(config)),
            new CancelSweep(database, signals, finish),
            new ParkedSweep(database, signals),
            new SlotSweep(database),
            new KeySweep(database),
            new BatchKeySweep(database),
            new PacketSweep(packets),
            new SessionSweep(database),
            new UnsealedSweep(database, config.batchSealLimit()));
  }

  static Sessions.Limits sessionLimits(ServerConfig config) {
    return new Sessions.Limits(config.sessionLease(), config.pollWait(), config.claimMax());
  }

  private static ReclaimSweep.Limits reclaimLimits(ServerConfig config) {
    return new ReclaimSweep.Limits(
        config.sweepInterval(), config.startLimit(), config.cancelLimit(), config.lossesMax());
  }
}
