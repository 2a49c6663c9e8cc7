<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * What a batch comes to: an outcome for every item, the rows to write in their order, what is managed then.
 */
class Plan
{
    /**
     * @param Outcome[] $outcomes
     * @param Write[] $writes
     * @param array<string,Write> $wanted every good item by its key, changed or not
     */
    public function __construct(
        public readonly array $outcomes,
        public readonly array $writes,
        public readonly array $wanted
    ) {
    }

    /**
     * The items that cannot be.
     *
     * @return Outcome[]
     */
    public function errors(): array
    {
        return $this->with([Outcome::ERROR]);
    }

    /**
     * How many rows are, or would be, written or deleted.
     */
    public function changed(): int
    {
        return count($this->writes);
    }

    /**
     * How many items are as they should be already.
     */
    public function unchanged(): int
    {
        return count($this->with([Outcome::UNCHANGED]));
    }

    /**
     * The paths that are, or would be, written.
     *
     * @return string[]
     */
    public function paths(): array
    {
        return array_map(static fn (Write $write): string => $write->setting->path, $this->writes);
    }

    /**
     * The outcomes of one of these kinds.
     *
     * @param string[] $statuses
     * @return Outcome[]
     */
    private function with(array $statuses): array
    {
        $fits = static fn (Outcome $outcome): bool => in_array($outcome->status, $statuses, true);
        return array_values(array_filter($this->outcomes, $fits));
    }
}
