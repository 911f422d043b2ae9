package dev.fanfare.sdk.internal;

import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;

/**
 * Reads a body into an array, tells a listener when a piece of it arrives, and completes the
 * response in the thread that read its end.
 */
final class ResponseReader implements BodySubscriber<byte[]> {
  private final BodySubscriber<byte[]> body = BodySubscribers.ofByteArray();
  private final Transport.Listener listener;

  ResponseReader(
      ResponseInfo info, Transport.Listener listener, CompletableFuture<Response> response) {
    this.listener = listener;
    body.getBody()
        .whenComplete((bytes, failure) -> {
          if (failure == null) {
            response.complete(new Response(info.statusCode(), info.headers(), bytes));
          } else {
            response.completeExceptionally(failure);
          }
        });
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    body.onSubscribe(subscription);
  }

  @Override
  public void onNext(List<ByteBuffer> piece) {
    listener.heard();
    body.onNext(piece);
  }

  @Override
  public void onError(Throwable failure) {
    body.onError(failure);
  }

  @Override
  public void onComplete() {
    body.onComplete();
  }

  @Override
  public CompletionStage<byte[]> getBody() {
    return body.getBody();
  }
}
