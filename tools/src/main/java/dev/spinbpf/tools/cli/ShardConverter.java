package dev.spinbpf.tools.cli;

import dev.spinbpf.vm.explore.ExploreOptions.Shard;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a part of a search, {@code 2/8}. */
final class ShardConverter implements ITypeConverter<Shard> {
    private static final Pattern FORM = Pattern.compile("([0-9]{1,4})/([0-9]{1,4})");

    @Override
    public Shard convert(String text) {
        Matcher matcher = FORM.matcher(text);
        if (matcher.matches()) {
            Shard shard = new Shard(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
            if (shard.number() >= 1 && shard.number() <= shard.count() && shard.count() >= 2) {
                return shard;
            }
        }
        throw new TypeConversionException(text + " is no part of a search; expected K/N such as 2/8, of 2 to 9999");
    }
}
