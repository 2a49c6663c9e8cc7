<?php

declare(strict_types=1);

namespace StoreController\Bridge\Core;

/**
 * Finds out what a batch of settings comes to, without writing anything.
 */
class Planner
{
    /**
     * @param AllowList $allowed
     * @param ValueRules $rules
     * @param AddressRule $addresses
     * @param BaseCurrencyRule $baseCurrency
     * @param WriteOrder $order
     */
    public function __construct(
        private readonly AllowList $allowed,
        private readonly ValueRules $rules,
        private readonly AddressRule $addresses,
        private readonly BaseCurrencyRule $baseCurrency,
        private readonly WriteOrder $order
    ) {
    }

    /**
     * Returns the plan; items that cannot be are among its outcomes, not thrown.
     *
     * @param ShopInterface $shop
     * @param RawItem[] $items
     * @param Manifest $manifest
     * @param bool $replace whether managed settings that are not listed are let go
     * @param bool $dryRun
     */
    public function plan(ShopInterface $shop, array $items, Manifest $manifest, bool $replace, bool $dryRun): Plan
    {
        $places = $this->places($shop, $items);
        $batch = array_filter($places, static fn (mixed $place): bool => $place instanceof Write);
        $batch = array_combine(array_map(static fn (Write $one): string => $one->setting->key(), $batch), $batch);
        $outcomes = $writes = $seen = [];
        foreach ($items as $index => $item) {
            try {
                $place = $this->first($places[$index], $seen);
                $this->check($shop, $place, $batch);
                $write = $this->needsWrite($shop, $place, $manifest);
                $outcomes[] = $this->outcome($place, match (true) {
                    !$write => Outcome::UNCHANGED,
                    $dryRun => Outcome::WOULD_CHANGE,
                    default => Outcome::CHANGED,
                });
                if ($write) {
                    $writes[] = $place;
                }
            } catch (Refusal $refusal) {
                $outcomes[] = new Outcome(
                    $item->path,
                    $item->scope ?: Scope::DEFAULT,
                    $item->scopeCode,
                    Outcome::ERROR,
                    $refusal->getMessage()
                );
            }
        }
        foreach ($replace ? $this->released($shop, $manifest, array_keys($batch)) : [] as $place) {
            $outcomes[] = $this->outcome($place, $dryRun ? Outcome::WOULD_RESET : Outcome::RESET);
            $writes[] = $place;
        }
        return new Plan($outcomes, $this->order->sorted($writes), $batch);
    }

    /**
     * Returns what a path may be asked about and written to.
     *
     * @param ShopInterface $shop
     * @param Setting $setting
     * @throws Refusal
     */
    public function locate(ShopInterface $shop, Setting $setting): Write
    {
        $shop->requireScope($setting->scope);
        $field = $shop->field($setting->path);
        if (!$this->allowed->allows($setting->path)) {
            throw new Refusal('"%1" is not on the list of what the Bridge may read and write.', [$setting->path]);
        }
        if (!$field->isSettable()) {
            throw new Refusal('"%1" does not hold a value.', [$setting->path]);
        }
        if (!in_array($setting->scope->type, $field->scopes, true)) {
            throw new Refusal('"%1" cannot be set at scope "%2".', [$setting->path, $setting->scope->type]);
        }
        return new Write($setting, $field);
    }

    /**
     * Finds the place of every item, or why it has none.
     *
     * @param ShopInterface $shop
     * @param RawItem[] $items
     * @return array<int, Write|Refusal>
     */
    private function places(ShopInterface $shop, array $items): array
    {
        $places = [];
        foreach ($items as $index => $item) {
            try {
                $places[$index] = $this->locate($shop, $item->setting());
            } catch (Refusal $refusal) {
                $places[$index] = $refusal;
            }
        }
        return $places;
    }

    /**
     * Returns the place of an item; refuses one that has none, and one that was given before.
     *
     * @param Write|Refusal $place
     * @param array<string,true> $seen
     */
    private function first(Write|Refusal $place, array &$seen): Write
    {
        if ($place instanceof Refusal) {
            throw $place;
        }
        if (isset($seen[$place->setting->key()])) {
            throw new Refusal('Given twice.');
        }
        $seen[$place->setting->key()] = true;
        return $place;
    }

    /**
     * Refuses what cannot be stored here.
     *
     * @param ShopInterface $shop
     * @param Write $place
     * @param array<string,Write> $batch
     */
    private function check(ShopInterface $shop, Write $place, array $batch): void
    {
        if ($shop->isLocked($place->setting->path, $place->setting->scope)) {
            throw new Refusal(
                'Set in env.php, config.php or the environment; the database value would be ignored.'
            );
        }
        if ($place->setting->inherit) {
            return;
        }
        $this->rules->check($place->field, $place->setting->value, $this->options($shop, $place));
        $this->addresses->check($place->setting->path, (string)$place->setting->value);
        $this->baseCurrency->check($shop, $place->setting, $batch);
    }

    /**
     * Returns what may be chosen: the options, and what is in force already.
     *
     * Magento's own defaults have countries that are no options any more; what is read must be what can be written.
     *
     * @param ShopInterface $shop
     * @param Write $place
     * @return string[]
     */
    private function options(ShopInterface $shop, Write $place): array
    {
        $options = $place->field->hasOptions ? $shop->options($place->field) : [];
        if ($options === []) {
            return [];
        }
        $inForce = $shop->effective($place->setting->path, $place->setting->scope);
        return [...$options, ...($inForce === null ? [] : explode(',', $inForce))];
    }

    /**
     * Whether the database has something else than what is wanted.
     *
     * @param ShopInterface $shop
     * @param Write $place
     * @param Manifest $manifest
     */
    private function needsWrite(ShopInterface $shop, Write $place, Manifest $manifest): bool
    {
        $setting = $place->setting;
        $stored = $shop->stored($setting->path, $setting->scope, $place->field->encrypted);
        return !$stored->serves($setting->wanted(), $manifest->find($setting->key()));
    }

    /**
     * The rows of managed settings that are listed no longer.
     *
     * @param ShopInterface $shop
     * @param Manifest $manifest
     * @param string[] $kept
     * @return Write[]
     */
    private function released(ShopInterface $shop, Manifest $manifest, array $kept): array
    {
        $released = [];
        foreach ($manifest->released($kept) as $key) {
            [$type, $code, $path] = explode('|', $key, 3);
            try {
                $scope = new Scope($type, $code);
                $shop->requireScope($scope);
            } catch (Refusal) {
                continue;
            }
            if ($shop->stored($path, $scope, false)->exists) {
                $released[] = new Write(new Setting($path, $scope, null, true), $this->fieldOf($shop, $path, $type));
            }
        }
        return $released;
    }

    /**
     * The field of a path; a bare one where the module that had it is gone.
     *
     * @param ShopInterface $shop
     * @param string $path
     * @param string $scope
     */
    private function fieldOf(ShopInterface $shop, string $path, string $scope): Field
    {
        try {
            return $shop->field($path);
        } catch (Refusal) {
            return new Field($path, $path, 'text', [$scope]);
        }
    }

    /**
     * The outcome of an item that has a place.
     *
     * @param Write $place
     * @param string $status
     */
    private function outcome(Write $place, string $status): Outcome
    {
        $scope = $place->setting->scope;
        $code = $scope->isDefault() ? null : $scope->code;
        return new Outcome($place->setting->path, $scope->type, $code, $status, null, $place->field);
    }
}
