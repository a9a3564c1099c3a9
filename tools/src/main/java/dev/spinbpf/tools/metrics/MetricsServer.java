package dev.spinbpf.tools.metrics;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Serves the metrics over HTTP: {@code GET /metrics} in Prometheus' text format.
 *
 * <p>Requests are hostile: line, header and body sizes, the number of connections and the time that a request may take
 * are bounded.
 */
public final class MetricsServer implements AutoCloseable {
    private static final int MAX_REQUEST_LINE_BYTES = 4096;
    private static final int MAX_HEADER_BYTES = 8192;
    private static final int MAX_BODY_BYTES = 1024;
    private static final int MAX_CONNECTIONS = 64;
    private static final int READ_TIMEOUT_SECONDS = 10;

    private final EventLoopGroup group;
    private final Channel channel;

    private MetricsServer(EventLoopGroup group, Channel channel) {
        this.group = group;
        this.channel = channel;
    }

    /**
     * Starts to listen.
     *
     * @param host address or name to bind; the caller passes loopback unless the user asked for something else
     * @param port port, 0 for any free one
     * @param scrape makes the text to serve; called for each request on the server's thread
     * @throws IOException if the address cannot be bound; the message names it
     */
    public static MetricsServer start(String host, int port, Supplier<String> scrape) throws IOException {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        AtomicInteger connections = new AtomicInteger();
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, MAX_CONNECTIONS)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel accepted) {
                        accept(accepted, connections, scrape);
                    }
                });
        try {
            Channel channel = bootstrap
                    .bind(new InetSocketAddress(host, port))
                    .syncUninterruptibly()
                    .channel();
            return new MetricsServer(group, channel);
        } catch (RuntimeException e) {
            group.shutdownGracefully();
            throw cannotBind(host, port, e);
        } catch (Exception e) {
            group.shutdownGracefully();
            throw cannotBind(host, port, e);
        }
    }

    private static IOException cannotBind(String host, int port, Exception cause) {
        return new IOException(
                "cannot listen on " + host + ":" + port + " (" + cause.getMessage()
                        + "); choose another --metrics-port, or 0 for any free one",
                cause);
    }

    private static void accept(SocketChannel accepted, AtomicInteger connections, Supplier<String> scrape) {
        if (connections.incrementAndGet() > MAX_CONNECTIONS) {
            connections.decrementAndGet();
            accepted.close();
            return;
        }
        accepted.closeFuture().addListener(closed -> connections.decrementAndGet());
        accepted.pipeline()
                .addLast(new ReadTimeoutHandler(READ_TIMEOUT_SECONDS))
                .addLast(new HttpServerCodec(MAX_REQUEST_LINE_BYTES, MAX_HEADER_BYTES, MAX_BODY_BYTES))
                .addLast(new HttpObjectAggregator(MAX_BODY_BYTES))
                .addLast(new MetricsHandler(scrape));
    }

    /** The address that it listens on. */
    public InetSocketAddress address() {
        return (InetSocketAddress) channel.localAddress();
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        group.shutdownGracefully(0, 1, java.util.concurrent.TimeUnit.SECONDS).syncUninterruptibly();
    }
}
