package dev.spinbpf.tools.metrics;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.concurrent.Future;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Answers one connection's requests, one after the other: the next one is read when the answer to the one before is
 * written, so that a client that sends many and reads none holds one answer's memory.
 *
 * <p>A request has to be there whole, and its answer has to be taken, within a time; what comes in between does not
 * prolong it. A connection that is not kept is half-closed after the answer and read for a moment longer, since closing
 * it on bytes that were not read would reset it and might take the answer away from the client.
 */
final class MetricsHandler extends SimpleChannelInboundHandler<HttpObject> {
    private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";
    private static final String PLAIN_TEXT = "text/plain; charset=utf-8";
    private static final int HTTP_1 = 1;
    /** The part of the time for an answer that a connection is read on after it. */
    private static final int LINGER_PART = 10;

    private final Supplier<String> scrape;
    private final long timeoutMillis;
    private @Nullable Future<?> deadline;
    private boolean keepAlive;
    private boolean requestRead;
    private boolean answerWritten;
    private boolean ending;
    private boolean waiting;

    MetricsHandler(Supplier<String> scrape, long timeoutMillis) {
        this.scrape = scrape;
        this.timeoutMillis = timeoutMillis;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        next(context);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        cancelDeadline();
    }

    private void next(ChannelHandlerContext context) {
        requestRead = false;
        answerWritten = false;
        closeAfter(context, timeoutMillis);
        read(context);
    }

    private void read(ChannelHandlerContext context) {
        waiting = true;
        context.read();
    }

    /** Reads on if the next part of a request is not complete. */
    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        if (waiting) {
            context.read();
        }
    }

    private void closeAfter(ChannelHandlerContext context, long millis) {
        cancelDeadline();
        deadline = context.executor().schedule(() -> context.close(), millis, TimeUnit.MILLISECONDS);
    }

    private void cancelDeadline() {
        Future<?> running = deadline;
        if (running != null) {
            running.cancel(false);
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
        waiting = false;
        if (ending) {
            read(context);
            return;
        }
        if (part instanceof HttpRequest request) {
            closeAfter(context, timeoutMillis);
            FullHttpResponse response = answer(request);
            keepAlive = HttpUtil.isKeepAlive(request) && request.decoderResult().isSuccess() && isHttp1(request);
            HttpUtil.setKeepAlive(response, keepAlive);
            context.writeAndFlush(response).addListener(written -> {
                answerWritten = written.isSuccess();
                goOn(context);
            });
        }
        requestRead |= part instanceof LastHttpContent || part.decoderResult().isFailure();
        if (requestRead) {
            goOn(context);
        } else {
            read(context);
        }
    }

    private void goOn(ChannelHandlerContext context) {
        if (!answerWritten) {
            return;
        }
        if (!keepAlive) {
            end(context);
        } else if (requestRead) {
            next(context);
        }
    }

    private void end(ChannelHandlerContext context) {
        if (!ending) {
            ending = true;
            closeAfter(context, timeoutMillis / LINGER_PART);
            ChannelFuture finished = ((SocketChannel) context.channel()).shutdownOutput();
            finished.addListener(done -> read(context));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        context.close();
    }

    private static boolean isHttp1(HttpRequest request) {
        return request.protocolVersion().majorVersion() == HTTP_1;
    }

    private FullHttpResponse answer(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            return broken(request.decoderResult().cause());
        }
        if (!isHttp1(request)) {
            return text(HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED, PLAIN_TEXT, "only HTTP/1.1\n", false);
        }
        boolean head = request.method().equals(HttpMethod.HEAD);
        if (!head && !request.method().equals(HttpMethod.GET)) {
            FullHttpResponse response =
                    text(HttpResponseStatus.METHOD_NOT_ALLOWED, PLAIN_TEXT, "only GET and HEAD\n", false);
            response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
            return response;
        }
        String uri = request.uri();
        int query = uri.indexOf('?');
        String path = query < 0 ? uri : uri.substring(0, query);
        if (path.equals("/metrics")) {
            return metrics(head);
        }
        if (path.equals("/")) {
            return text(HttpResponseStatus.OK, PLAIN_TEXT, "spinbpf: the metrics are at /metrics\n", head);
        }
        return text(HttpResponseStatus.NOT_FOUND, PLAIN_TEXT, "not found; the metrics are at /metrics\n", head);
    }

    private FullHttpResponse metrics(boolean head) {
        String body;
        try {
            body = scrape.get();
        } catch (RuntimeException e) {
            String reason = "the metrics could not be read: " + e + '\n';
            return text(HttpResponseStatus.INTERNAL_SERVER_ERROR, PLAIN_TEXT, reason, head);
        }
        return text(HttpResponseStatus.OK, PROMETHEUS_TEXT, body, head);
    }

    private static FullHttpResponse broken(Throwable cause) {
        return switch (cause) {
            case TooLongHttpLineException _ ->
                text(HttpResponseStatus.REQUEST_URI_TOO_LONG, PLAIN_TEXT, "the request line is too long\n", false);
            case TooLongHttpHeaderException _ ->
                text(
                        HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                        PLAIN_TEXT,
                        "the headers are too long\n",
                        false);
            default -> text(HttpResponseStatus.BAD_REQUEST, PLAIN_TEXT, "this is not an HTTP request\n", false);
        };
    }

    private static FullHttpResponse text(HttpResponseStatus status, String type, String body, boolean headOnly) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        ByteBuf content = headOnly ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(bytes);
        FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, content);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, type);
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, bytes.length);
        return response;
    }
}
