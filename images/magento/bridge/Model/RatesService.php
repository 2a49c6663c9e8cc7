<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Directory\Model\ResourceModel\Currency as CurrencyResource;
use Magento\Framework\App\ResourceConnection;
use Magento\Framework\Locale\ConfigInterface as LocaleConfig;
use StoreController\Bridge\Api\Data\RateInterface;
use StoreController\Bridge\Api\RatesInterface;
use StoreController\Bridge\Core\CurrencyRates;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Model\Data\Rate;

/**
 * GET and PUT currency-rates.
 */
class RatesService implements RatesInterface
{
    private const TABLE = 'directory_currency_rate';
    private const STALE = ['block_html', 'full_page'];

    /**
     * @param CurrencyResource $currencies
     * @param ResourceConnection $resource
     * @param LocaleConfig $locale
     * @param CurrencyRates $rules
     * @param Mutex $mutex
     * @param StaleCaches $stale
     * @param Failures $failures
     */
    public function __construct(
        private readonly CurrencyResource $currencies,
        private readonly ResourceConnection $resource,
        private readonly LocaleConfig $locale,
        private readonly CurrencyRates $rules,
        private readonly Mutex $mutex,
        private readonly StaleCaches $stale,
        private readonly Failures $failures
    ) {
    }

    /**
     * @inheritDoc
     */
    public function get(): array
    {
        $rates = [];
        foreach ($this->rows() as $row) {
            $rates[] = new Rate((string)$row['currency_from'], (string)$row['currency_to'], (float)$row['rate']);
        }
        return $rates;
    }

    /**
     * @inheritDoc
     */
    public function save(array $rates): array
    {
        $given = array_map(static fn (RateInterface $rate): array => [
            (string)$rate->getFrom(),
            (string)$rate->getTo(),
            $rate->getRate(),
        ], array_values($rates));
        try {
            $checked = $this->rules->checked($given, $this->locale->getAllowedCurrencies());
        } catch (Refusal $refusal) {
            throw $this->failures->malformed($refusal);
        }
        $this->mutex->alone(fn () => $this->store($checked));
        return $this->get();
    }

    /**
     * Stores all rates or none; pages that show converted prices are stale then.
     *
     * @param array<string,array<string,float>> $rates
     */
    private function store(array $rates): void
    {
        $this->stale->clean();
        $before = $this->rows();
        $this->currencies->beginTransaction();
        try {
            if ($rates !== []) {
                $this->currencies->saveRates($rates);
            }
            if ($this->rows() !== $before) {
                $this->stale->mark(self::STALE);
            }
            $this->currencies->commit();
        } catch (\Throwable $failure) {
            $this->currencies->rollBack();
            throw $failure;
        }
        $this->stale->clean();
    }

    /**
     * Reads all rates in their order.
     *
     * @return array<int, array<string, string>>
     */
    private function rows(): array
    {
        $connection = $this->resource->getConnection();
        $select = $connection->select()
            ->from($this->resource->getTableName(self::TABLE))
            ->order(['currency_from', 'currency_to']);
        return $connection->fetchAll($select);
    }
}
