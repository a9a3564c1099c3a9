package dev.spinbpf.tools.cli;

import java.net.InetSocketAddress;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads an address to listen on: {@code 127.0.0.1:9464}, {@code [::1]:9464}, {@code :9464} on loopback. */
final class ListenConverter implements ITypeConverter<InetSocketAddress> {
    private static final Pattern ADDRESS = Pattern.compile("(?:(\\[[0-9A-Fa-f:.%]+]|[^\\[\\]:]*):)?(\\d{1,5})");
    private static final int MOST_PORT = 65_535;

    @Override
    public InetSocketAddress convert(String text) {
        Matcher matcher = ADDRESS.matcher(text);
        if (!matcher.matches() || Integer.parseInt(matcher.group(2)) > MOST_PORT) {
            throw new TypeConversionException(
                    "'" + text + "' is no address and port; write 127.0.0.1:9464, [::1]:9464 or 9464");
        }
        String host = matcher.group(1) == null || matcher.group(1).isEmpty() ? "127.0.0.1" : matcher.group(1);
        var address = new InetSocketAddress(
                host.startsWith("[") ? host.substring(1, host.length() - 1) : host, Integer.parseInt(matcher.group(2)));
        if (address.isUnresolved()) {
            throw new TypeConversionException("'" + host + "' is no address or name of this machine");
        }
        return address;
    }
}
