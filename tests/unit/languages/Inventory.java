/*
 * Copyright the authors.
 */
package com.example.inventory;

import java.util.List;
import static java.util.Objects.requireNonNull;

/**
 * Keeps items.
 *
 * @param <T> the kind of item
 */
@Service(name = "inventory")
public class Inventory<T extends Item> extends AbstractStore<T> implements Closeable {
    private static final int LIMIT = 10;
    private final List<T> items = new ArrayList<>();

    /** Makes an empty one. */
    public Inventory() {
        this(LIMIT);
    }

    Inventory(int limit) {
        super(limit);
    }

    /**
     * Finds an item.
     */
    @Override
    public <U> Optional<T> find(String name, Function<T, U> key)
            throws NotFoundException {
        requireNonNull(name);
        return items.stream().filter(item -> name.equals(key.apply(item))).findFirst();
    }

    // Closes it.
    public void close() {}

    public enum Status {
        /** Ready. */
        ACTIVE,
        CLOSED;

        boolean open() {
            return this == ACTIVE;
        }
    }

    public interface Listener {
        void changed(Inventory<?> inventory);

        default void closed() {
            log();
        }
    }

    public record Point(int x, int y) {
        public Point {
            check(x);
        }
    }

    @interface Marker {
        String value() default "";
    }
}
