<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use StoreController\Bridge\Api\Data\TableRateInterface;
use StoreController\Bridge\Api\Data\TableRatesResultInterface;
use StoreController\Bridge\Api\TableRatesInterface;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Core\ScopeMissing;
use StoreController\Bridge\Core\TableRow;
use StoreController\Bridge\Core\TableRows;
use StoreController\Bridge\Model\Data\TableRate;
use StoreController\Bridge\Model\Data\TableRatesResult;
use StoreController\Bridge\Model\TableRates\Directory;
use StoreController\Bridge\Model\TableRates\Table;

/**
 * GET and PUT table-rates.
 */
class TableRatesService implements TableRatesInterface
{
    /**
     * @param Mutex $mutex
     * @param Scopes $scopes
     * @param Directory $directory
     * @param TableRows $rules
     * @param Table $table
     * @param Failures $failures
     */
    public function __construct(
        private readonly Mutex $mutex,
        private readonly Scopes $scopes,
        private readonly Directory $directory,
        private readonly TableRows $rules,
        private readonly Table $table,
        private readonly Failures $failures
    ) {
    }

    /**
     * @inheritDoc
     */
    public function replace(string $website, string $condition, array $rows): TableRatesResultInterface
    {
        try {
            $websiteId = $this->scopes->websiteId($website);
            $this->checkCondition($condition);
        } catch (Refusal $refusal) {
            throw $this->failures->unprocessable($refusal);
        }
        $given = array_map(static fn (TableRateInterface $row): array => [
            (string)$row->getCountry(),
            (string)$row->getRegion(),
            (string)$row->getPostcode(),
            (string)$row->getFrom(),
            (string)$row->getPrice(),
        ], array_values($rows));
        $checked = $this->rules->checked($given, $this->directory);
        if ($checked['errors'] !== []) {
            throw $this->failures->invalidRows($checked['errors'], count($given));
        }
        $wanted = $checked['rows'];
        $checksum = $this->rules->checksum($wanted);
        return $this->mutex->alone(function () use ($websiteId, $condition, $wanted, $checksum) {
            $same = $this->rules->checksum($this->table->read($websiteId, $condition)) === $checksum;
            if (!$same) {
                $this->table->write($websiteId, $condition, $wanted);
            }
            return new TableRatesResult(!$same, count($wanted), $checksum);
        });
    }

    /**
     * @inheritDoc
     */
    public function get(string $website, string $condition): array
    {
        try {
            $websiteId = $this->scopes->websiteId($website);
            $this->checkCondition($condition);
        } catch (ScopeMissing $missing) {
            throw $this->failures->notFound($missing);
        } catch (Refusal $refusal) {
            throw $this->failures->malformed($refusal);
        }
        $rows = $this->table->read($websiteId, $condition);
        return array_map(static fn (TableRow $row): TableRate => new TableRate(
            $row->country,
            $row->region,
            $row->postcode,
            $row->from,
            $row->price
        ), $rows);
    }

    /**
     * Refuses a condition that the carrier does not know.
     *
     * @param string $condition
     * @throws Refusal
     */
    private function checkCondition(string $condition): void
    {
        if (!in_array($condition, TableRows::CONDITIONS, true)) {
            throw new Refusal(
                'Condition must be %1, not "%2".',
                [implode(', ', TableRows::CONDITIONS), $condition]
            );
        }
    }
}
